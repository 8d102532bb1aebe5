"""All that a generated forward may call besides its own modules: it says `flodl.keep(self, ...)`.

One name in its scope, so that a tag may be called `keep` or `zeros`.
"""

from __future__ import annotations

from flodl_graph.run.alone import alone as alone
from flodl_graph.run.carried import given as given
from flodl_graph.run.carried import zeros as zeros
from flodl_graph.run.kept import chosen as chosen
from flodl_graph.run.kept import keep as keep
