"""The migration table says what the registry has."""

from __future__ import annotations

from migration_page import PAGE, page, unknown


def test_page_is_up_to_date():
    """docs/reference/migration.md is what tools/migration_page.py writes today."""
    assert page() == PAGE.read_text()


def test_every_name_of_flodl_for_rust_is_answered():
    """None of its modules, losses, optimizers, schedulers, initializers and ops is without a row."""
    assert [] == unknown()
    text = PAGE.read_text()
    for word in ("`ConvTranspose2d`", "`bce_with_logits_loss`", "`RAdam`", "`CyclicLR`", "`uniform_bias`", "`im2col`"):
        assert word in text
