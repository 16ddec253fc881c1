from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from manual_clock import ManualClock

from reconciler.errors.exceptions import SettingsError
from reconciler.stores.open import open_store
from reconciler.stores.options import StoreOptions

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("address", ["s\x00.json", "s.json\n", "s3://bucket/x\x1b[2J"])
def test_an_address_with_a_control_character_is_refused_and_escaped(address: str, tmp_path: Path) -> None:
    options = StoreOptions(tmp_path, "ann@host", ManualClock(), lambda _: None)

    with pytest.raises(SettingsError) as caught:
        open_store(address, options)

    found = caught.value.diagnostic
    assert (found.code, found.detail.isprintable()) == ("state.bad-address", True)


@pytest.mark.parametrize("address", ["/", "file:/", "//"])
def test_the_root_of_the_disk_is_no_file(address: str, tmp_path: Path) -> None:
    options = StoreOptions(tmp_path, "ann@host", ManualClock(), lambda _: None)

    with pytest.raises(SettingsError) as caught:
        open_store(address, options)

    assert caught.value.diagnostic.code == "state.bad-address"
