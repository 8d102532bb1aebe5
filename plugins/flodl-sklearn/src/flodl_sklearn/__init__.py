"""The data sets that scikit-learn ships, as flodl data sources: installed with it, never downloaded."""
