"""A plugin that is an object, and one that is a class."""

import flodl_core


class Plugin:
    def __init__(self, names):
        self.names = names

    @flodl_core.hookimpl
    def flodl_ops(self):
        return [flodl_core.OpSpec(name=n, target="acme_oldways.things:doubled", summary="Twice.") for n in self.names]

    @flodl_core.hookimpl(tryfirst=True)
    def flodl_sinks(self):
        return iter(())


plugin = Plugin(["acme_twice", "acme_double"])


class Static:
    @staticmethod
    @flodl_core.hookimpl
    def flodl_probes():
        return (
            flodl_core.ProbeSpec(name="acme_still", target="acme_oldways.things:Still.made", summary="Stands still."),
        )
