"""A rule book: when rules fire, what they remember, what they say."""

from __future__ import annotations

import json
import pickle
import warnings
from typing import Any

import pytest
from flodl_core import CheckpointError, PathError, TrainingError
from flodl_core.rules import RuleBook, freeze, save, scale_lr, stop, thaw, trend, when
from flodl_core.rules.table import rule_to_table
from flodl_core.trends.ledger import Ledger

LOW = trend("loss").latest() < 1.0


class Board:
    """Controls that write down what was asked of them."""

    def __init__(self) -> None:
        self.done: list[tuple[Any, ...]] = []

    def check(self, path: str) -> None:
        if path == "gone":
            raise PathError("'gone' names no parameter", mend="did you mean 'here'?")

    def freeze(self, path: str, stats: str) -> None:
        self.done.append(("freeze", path, stats))

    def thaw(self, path: str, moments: str) -> None:
        self.done.append(("thaw", path, moments))

    def scale_lr(self, factor: float, path: str) -> None:
        self.done.append(("scale_lr", factor, path))

    def stop(self) -> None:
        self.done.append(("stop",))

    def save(self) -> None:
        self.done.append(("save",))


def fired_at(book: RuleBook, losses: list[float], ledger: Ledger | None = None, start: int = 0) -> list[int]:
    """The epochs, from 1, after which something fired."""
    ledger = ledger or Ledger()
    epochs = []
    for epoch, loss in enumerate(losses, start=start):
        ledger.enter(epoch, {"loss": loss})
        epochs += [firing.epoch for firing in book.ask(ledger, Board(), epoch + 1)]
    return epochs


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [2, 6]),
        ({"cooldown": 0}, [2, 3, 4, 6, 7]),
        ({"cooldown": 1}, [2, 4, 6]),
        ({"cooldown": 3}, [2, 6]),
        ({"once": True}, [2]),
        ({"once": True, "cooldown": 0}, [2]),
    ],
    ids=str,
)
def test_when_a_rule_fires(options: dict[str, Any], expected: list[int]) -> None:
    """Without a cooldown when the answer turns to yes; with one at every yes, but not while it rests."""
    book = RuleBook([when(LOW).do(stop(), **options)])
    assert expected == fired_at(book, [2.0, 0.5, 0.5, 0.5, 2.0, 0.5, 0.5])


def test_actions_are_done_in_order() -> None:
    """With their arguments, each rule in its turn."""
    ledger, board = Ledger(), Board()
    ledger.enter(0, {"loss": 0.5})
    rules = [
        when(LOW).do(thaw("read", moments="reset"), freeze("scan"), scale_lr(0.5, "read")),
        when(LOW).do(save(), stop()),
    ]
    firings = RuleBook(rules).ask(ledger, board, 1)
    assert [
        ("thaw", "read", "reset"),
        ("freeze", "scan", "hold"),
        ("scale_lr", 0.5, "read"),
        ("save",),
        ("stop",),
    ] == board.done
    assert ("thaw('read', moments='reset')", "freeze('scan')", "scale_lr(0.5, 'read')") == firings[0].actions


def test_a_firing_tells_all() -> None:
    """Epoch, condition, actions, and the values that were looked at; as a line, and through pickle."""
    ledger = Ledger()
    for epoch in range(12):
        ledger.enter(epoch, {"loss": 3.0})
    (firing,) = RuleBook([when(trend("loss").stalled(10)).do(stop())]).ask(ledger, Board(), 12)
    assert (12, {"loss": (3.0,) * 10}) == (firing.epoch, dict(firing.windows))
    assert "stop(): trend('loss').stalled(10)" == str(firing)
    assert firing == pickle.loads(pickle.dumps(firing))


def test_an_unrecorded_name_is_said_once() -> None:
    """And the rule waits; when it is recorded, it is asked."""
    book, ledger = RuleBook([when(trend("val_loss").latest() < 1.0).do(stop())]), Ledger()
    ledger.enter(0, {"vall_loss": 0.5})
    with pytest.warns(UserWarning, match="nothing is recorded as 'val_loss'; did you mean 'vall_loss'?"):
        assert () == book.ask(ledger, Board(), 1)
    assert () == book.ask(ledger, Board(), 2)
    ledger.enter(2, {"val_loss": 0.5})
    assert 1 == len(book.ask(ledger, Board(), 3))


def test_memories_go_through_json() -> None:
    """A book that goes on from saved memories fires as one that never stopped, whatever the cut."""
    losses = [2.0, 0.5, 0.5, 0.5, 2.0, 0.5, 0.5, 0.5, 2.0, 0.5]
    rules = [when(LOW).do(stop()), when(LOW).do(stop(), cooldown=2), when(LOW).do(save(), once=True)]
    whole = fired_at(RuleBook(rules), losses)
    for cut in range(len(losses) + 1):
        first, ledger = RuleBook(rules), Ledger()
        before = fired_at(first, losses[:cut], ledger)
        second = RuleBook(rules)
        second.load_state_dict(json.loads(json.dumps(first.state_dict())))
        assert whole == before + fired_at(second, losses[cut:], ledger, start=cut), cut


def test_changed_rules_begin_anew() -> None:
    """Memories belong to a rule's text; one that fired and is gone is said."""
    old = RuleBook([when(LOW).do(stop(), once=True), when(LOW).do(save(), once=True)])
    fired_at(old, [0.5])
    new = RuleBook([when(LOW).do(save(), once=True), when(LOW).do(scale_lr(0.5), once=True)])
    with pytest.warns(UserWarning, match=r"had a rule that this one has not: when\(.*\).do\(stop\(\), once=True\)"):
        new.load_state_dict(old.state_dict())
    ledger = Ledger()
    ledger.enter(1, {"loss": 0.5})
    assert [("scale_lr(0.5)",)] == [firing.actions for firing in new.ask(ledger, Board(), 2)]


@pytest.mark.parametrize("state", [3, [{}], [{"rule": "r", "fired": "often", "last": None, "held": False}]])
def test_another_state_changes_nothing(state: Any) -> None:
    """One error, and the memories are as they were."""
    book = RuleBook([when(LOW).do(stop(), once=True)])
    fired_at(book, [0.5])
    before = book.state_dict()
    with pytest.raises(CheckpointError, match="no state of rules"):
        book.load_state_dict(state)
    assert before == book.state_dict()


def test_tables_are_rules() -> None:
    """As an experiment file holds them."""
    rule = when(LOW).do(stop())
    assert (rule,) == RuleBook([rule_to_table(rule)]).rules


@pytest.mark.parametrize(
    ("rules", "what"),
    [
        (when(LOW).do(stop()), "rules= takes several rules, got a single one"),
        ([when(LOW)], r"a rule is when\(...\).do\(...\), got a When"),
        ("stop", "rules= takes several rules, got a str"),
    ],
)
def test_what_is_no_rule(rules: Any, what: str) -> None:
    """Told when the book is made."""
    with pytest.raises(TrainingError, match=what):
        RuleBook(rules)


def test_no_warning_without_reason() -> None:
    """An ordinary run says nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fired_at(RuleBook([when(LOW).do(stop())]), [2.0, 0.5])


@pytest.mark.parametrize(("action", "word"), [(freeze, "freeze"), (thaw, "thaw")])
@pytest.mark.parametrize("part", [object(), None, 0])
def test_an_action_is_told_from_the_function_that_acts_at_once(action, word, part):
    """A model where a path is due: the error says which function does it now."""
    with pytest.raises(TrainingError, match=f"a rule's {word} acts on is named by a path") as error:
        action(part)
    assert error.value.mend == f'{word}("encoder.read"); at once it is done by flodl_core.freezing.{word}(model, path)'


def test_a_rate_is_scaled_of_a_part_that_has_a_path():
    """What is no text is refused, and nothing else is recommended."""
    with pytest.raises(TrainingError, match="a rule's scale_lr acts on") as error:
        scale_lr(0.5, None)
    assert error.value.mend == 'scale_lr(0.5, "encoder.read")'


def test_a_rule_whose_part_is_gone_does_nothing() -> None:
    """Not even what stands before it; the error names the action and the rule's line, and it may fire later."""
    book, board, ledger = RuleBook([when(LOW).do(scale_lr(0.5), thaw("gone"), stop(), once=True)]), Board(), Ledger()
    ledger.enter(0, {"loss": 0.5})
    with pytest.raises(PathError, match=r"thaw\('gone'\): 'gone' names no parameter\n  at: .*test_book.py:\d+") as info:
        book.ask(ledger, board, 1)
    assert "did you mean 'here'?" == info.value.mend
    assert ([], 0) == (board.done, book.state_dict()[0]["fired"])


def test_what_nobody_records_decides_nothing_that_others_decide() -> None:
    """In `|` the other may say yes, in `&` no; else it is unknown, and every such name is said once."""
    nobody, either_one = trend("nobody").latest() < 1.0, trend("none").latest() < 1.0
    book = RuleBook([when(nobody | LOW | ~either_one).do(stop()), when(nobody & ~LOW).do(save())])
    ledger, fired = Ledger(), []
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        for epoch, loss in enumerate([2.0, 3.0, 0.5]):
            ledger.enter(epoch, {"loss": loss})
            fired += book.ask(ledger, Board(), epoch + 1)
    assert [(3, ("stop()",), {"loss": (0.5,)})] == [(one.epoch, one.actions, dict(one.windows)) for one in fired]
    assert 2 == len(said)
    assert ["'nobody'" in str(said[0].message), "'none'" in str(said[1].message)] == [True, True]
