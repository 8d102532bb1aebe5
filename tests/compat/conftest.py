"""The frozen distributions are installed into a folder of their own before their tests run: none is collected here."""

collect_ignore_glob = ["v1/*"]
