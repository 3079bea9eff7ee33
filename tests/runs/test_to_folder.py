"""A run that goes straight into its folder: the same files on any number of threads, and as from memory."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from sim.inputs.scenario import Scenario
from sim.runs import ensemble, results, tables
from sim.runs.ensemble import CHUNK, simulate
from sim.runs.scenarios import load_scenario
from sim.runs.to_folder import bytes_of_run, fill
from sim.runs.worlds import Worlds

ROOT = Path(__file__).resolve().parents[2]
SCENARIO = ROOT / "scenarios/examples/two_countries.yaml"
WORLDS = 2 * CHUNK + 5  # the last chunk is smaller


@pytest.fixture
def scenario() -> Scenario:
    return load_scenario(SCENARIO, {"worlds": WORLDS, "end": "2014-12"})


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_files_are_the_same_on_any_number_of_threads(scenario: Scenario, tmp_path: Path) -> None:
    found = []
    for jobs in (1, 2, 3):
        (tmp_path / str(jobs)).mkdir()
        fill(tmp_path / str(jobs), scenario, jobs)
        found.append(files(tmp_path / str(jobs)))
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize(("held", "rows"), [(None, None), (10_000, None), (1, 1000)])
def test_tables_are_those_of_memory(held: int | None, rows: int | None, scenario: Scenario, tmp_path: Path,
                                    monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the sizes of the pieces that are held: columns in parts for ``held``, small row groups for ``rows``."""
    expected = results.write(simulate(scenario, jobs=2), scenario, out=tmp_path / "memory")
    if held is not None:
        monkeypatch.setattr(tables, "HELD", held)
    if rows is not None:
        monkeypatch.setattr(results, "ROW_GROUP", rows)
    (tmp_path / "straight").mkdir()
    fill(tmp_path / "straight", scenario, 2)
    for name in results.CSV_TABLES:
        assert (tmp_path / f"straight/{name}.csv").read_bytes() == (expected / f"{name}.csv").read_bytes(), name
    one, two = (pq.read_table(folder / results.OUTCOMES) for folder in (expected, tmp_path / "straight"))
    assert one.schema == two.schema
    pd.testing.assert_frame_equal(one.to_pandas(), two.to_pandas())
    assert two.column("world").to_pylist() == sorted(two.column("world").to_pylist())


def test_only_what_is_asked_for_is_recorded(scenario: Scenario, tmp_path: Path) -> None:
    few = scenario.model_copy(update={"record": ("departures", "control"), "worlds": 2})
    fill(tmp_path, few, 1)
    assert pq.read_schema(tmp_path / results.OUTCOMES).names == [*results.KEYS, "departures", "control"]
    assert Worlds(few).recorder.values.shape[0] == 2


def test_no_more_than_a_few_chunks_are_held(scenario: Scenario, tmp_path: Path,
                                            monkeypatch: pytest.MonkeyPatch) -> None:
    many, written, most = scenario.model_copy(update={"worlds": 30 * CHUNK, "end": scenario.start}), [0], [0]
    simulated = [0]
    run, write = ensemble.run_chunk, results.OutcomesFile.write

    def counted(*words: object) -> ensemble.Arrays:
        simulated[0] += 1
        most[0] = max(most[0], simulated[0] - written[0])
        return run(*words)  # type: ignore[arg-type]

    def kept(self: results.OutcomesFile, piece: object) -> None:
        written[0] += 1
        write(self, piece)

    monkeypatch.setattr(ensemble, "run_chunk", counted)
    monkeypatch.setattr(results.OutcomesFile, "write", kept)
    fill(tmp_path, many, 2)
    assert (simulated[0], written[0]) == (30, 30)
    assert most[0] <= 5


@pytest.mark.parametrize("record", [("all",), ("departures", "recruits"), ("readiness",)])
def test_the_room_that_a_run_needs_is_known_before(record: tuple[str, ...], tmp_path: Path) -> None:
    scenario = load_scenario(ROOT / "scenarios/baseline.yaml", {"worlds": 10}).model_copy(update={"record": record})
    fill(tmp_path, scenario, 2)
    outcomes = sum(path.stat().st_size for path in tmp_path.iterdir())
    said = bytes_of_run(scenario) - 6e6  # no figures here
    assert 0.7 < said / outcomes < 1.5
