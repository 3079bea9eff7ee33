"""A small set of known names, so that these tests need no data folder."""

from __future__ import annotations

import pytest

from sim.inputs.scenario import Known
from tests.fake_run import make_known


@pytest.fixture(scope="session")
def known() -> Known:
    return make_known()
