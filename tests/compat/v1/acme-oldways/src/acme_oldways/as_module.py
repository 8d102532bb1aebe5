"""A plugin that imports from the modules themselves, and writes lists where tuples are kept."""

from flodl_core.component import Example, SchedulerSpec
from flodl_core.hookspecs import API_VERSION, hookimpl

assert API_VERSION >= 1


@hookimpl(specname="flodl_schedulers")
def whatever_its_name():
    return {
        SchedulerSpec(
            name="acme_ladder",
            target="acme_oldways.things:Ladder",
            summary="Goes down in steps.",
            aliases=["AcmeLadder", "ladder_of_acme"],
            example=Example(args=[[3, 5]], kwargs={"factors": [1.0, 0.5, 0.1]}, inputs=[]),
            requires=["attrs>=20", "no-such-thing; python_version < '3'"],
        )
    }


@hookimpl
def flodl_losses():
    return []
