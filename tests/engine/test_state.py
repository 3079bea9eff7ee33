"""The state: only allowed moves, exact transfers, balanced books."""

from __future__ import annotations

import numpy as np
import pytest

from sim.engine import enums, forms, state
from sim.engine.enums import (
    CELL,
    CONDITIONS,
    DEAD,
    DEMOBILISED,
    ELSEWHERE,
    GROUND,
    HIDDEN,
    MASS,
    MIGRATED,
    MILITANTS,
    MOVEMENT,
    OUTSIDE_BAND,
    PRISON,
    REFUGE,
    RIVAL,
    STOCKS,
    SYMPATHISERS,
    UNINVOLVED,
)
from sim.engine.state import ALLOWED, ALLOWED_MOVES, CLASS_SHARES, BooksError
from tests.engine.kit import AA, AA1, AA2, AA3, ALL, BB, BB1, BB2, BB3, Small, ask, batch, mean, put

LEDGERS = ("outside_band", "migrated", "dead", "demobilised", "reintegrated", "elsewhere")


def move(b: Small, source: int, i: int, target: int, j: int, n: int, world: int = 0) -> None:
    ask(b, state.move, source, i, target, j, n, world=world)


def test_only_allowed_pairs_move() -> None:
    b = batch()
    put(b, "sympathisers", ..., 10)
    for name in STOCKS:
        put(b, name, ..., 10)
    before = b.people.copy()
    for source in range(len(STOCKS)):
        for target in range(len(STOCKS)):
            if not ALLOWED[source, target]:
                with pytest.raises(ValueError, match="nobody may move between these stocks"):
                    move(b, source, 0, target, 0, 1)
    assert (b.people == before).all()
    for source, target in ALLOWED_MOVES:
        move(b, source, 0, target, 0, 1)
    b.check()


def test_the_allowed_pairs_are_those_of_the_list() -> None:
    assert len(set(ALLOWED_MOVES)) == len(ALLOWED_MOVES) == ALLOWED.sum() == 20
    assert all(ALLOWED[pair] for pair in ALLOWED_MOVES)


def test_nobody_comes_back_from_the_dead_or_becomes_a_militant_at_once() -> None:
    assert not ALLOWED[[DEAD, MIGRATED, ELSEWHERE, DEMOBILISED, enums.REINTEGRATED]].any()
    assert not ALLOWED[UNINVOLVED, MILITANTS]
    assert not ALLOWED[:, enums.OUTSIDE].any()  # nobody is sent beyond the map again


def test_moves_that_do_not_add_up_are_refused() -> None:
    b = batch()
    with pytest.raises(ValueError, match="more people leave than are there"):
        move(b, UNINVOLVED, 0, SYMPATHISERS, 0, -1)
    with pytest.raises(ValueError, match="more people leave than are there"):
        move(b, SYMPATHISERS, 0, UNINVOLVED, 0, 1)
    put(b, "sympathisers", (0, AA1, 0), 5)
    with pytest.raises(ValueError, match="more people leave than are there"):
        move(b, SYMPATHISERS, 0, UNINVOLVED, 0, 6)
    b.check()
    assert b.sympathisers.sum() == 5


def test_only_the_ledger_of_the_age_band_may_fall_below_zero() -> None:
    b = batch()
    move(b, OUTSIDE_BAND, 0, UNINVOLVED, 0, 1000)
    assert b.outside_band[0, 0] == -1000
    b.check()


def test_nobody_passes_from_one_world_to_another() -> None:
    b = batch(3)
    before = b.people.copy()
    move(b, UNINVOLVED, 0, SYMPATHISERS, 0, 7, world=1)
    assert (b.people[[0, 2]] == before[[0, 2]]).all()
    assert (b.uninvolved[1, AA1, 0], b.sympathisers[1, AA1, 0]) == (before[1, 0] - 7, 7)
    b.check()


def test_a_move_takes_and_gives() -> None:
    b = batch()
    for r, c in ((AA1, 0), (BB2, 5), (6, 7)):
        before = b.uninvolved[0, r, c]
        cell = ask(b, state.of_class, r, c)
        move(b, UNINVOLVED, cell, SYMPATHISERS, cell, 3)
        assert (b.uninvolved[0, r, c], b.sympathisers[0, r, c]) == (before - 3, 3)
    assert b.sympathisers.sum() == 9
    b.check()


def test_moving_nobody_is_always_allowed() -> None:
    b = batch()
    before = b.people.copy()
    move(b, DEAD, 0, UNINVOLVED, 0, 0)
    assert (b.people == before).all()


def test_cells_of_the_book_are_where_the_views_show_them() -> None:
    b = batch()
    b.people[:] = np.arange(b.people.size)[None]
    for o, k, r, g in ((0, 0, 0, 0), (1, 3, 4, 2), (2, 4, 6, 3)):
        assert b.militants[0, o, k, r, g] == b.starts[MILITANTS] + ask(b, state.militant, o, k, r, g)
    for brand, r in ((0, 0), (2, 5)):
        assert b.transit[0, brand, r] == b.starts[enums.TRANSIT] + ask(b, state.of_brand, brand, r)
        assert b.theatre[0, brand, r] == b.starts[enums.THEATRE] + ask(b, state.of_brand, brand, r)
    assert b.sympathisers[0, 3, 2] == b.starts[SYMPATHISERS] + ask(b, state.of_class, 3, 2)


@pytest.mark.parametrize("worlds", [1, 3])
def test_stocks_share_the_book_out_without_gap_or_overlap(worlds: int) -> None:
    b = batch(worlds)
    b.people[:] = 0
    for number, stock in enumerate(STOCKS, start=1):
        assert (getattr(b, stock) == 0).all(), stock
        getattr(b, stock)[...] = number
    assert (b.people > 0).all()
    for number, stock in enumerate(STOCKS, start=1):
        assert (getattr(b, stock) == number).all(), stock


def test_check_finds_a_lost_person_in_its_world() -> None:
    b = batch(3)
    b.uninvolved[1, AA1, 0] -= 1
    with pytest.raises(BooksError, match=r"\[0, -1, 0\] people appeared or vanished"):
        b.check()
    assert (b.total() - b.opened).tolist() == [0, -1, 0]


@pytest.mark.parametrize("stock", [name for name in STOCKS if name != "outside_band"])
def test_check_finds_a_negative_stock(stock: str) -> None:
    b = batch()
    put(b, stock, ..., 0)
    b.check()
    flat = getattr(b, stock).reshape(-1)
    flat[0], flat[1] = -1, 1
    with pytest.raises(BooksError, match=f"negative count in {stock}"):
        b.check()


def test_check_finds_counts_of_members_that_are_out_of_date() -> None:
    b = batch()
    b.check()
    b.counts[0, RIVAL, HIDDEN, BB2] += 1
    with pytest.raises(BooksError, match="counts of members"):
        b.check()


def held(*rows: tuple[int, int, int, list[int]]) -> Small:
    """Members by organisation, condition and region, of four origins; nobody else."""
    b = batch()
    put(b, "militants", ..., 0)
    for o, k, r, origins in rows:
        put(b, "militants", (0, o, k, r), np.array(origins))
    return b


def test_transfer_takes_exactly_the_number_each_origin_by_its_share() -> None:
    b = held((MOVEMENT, GROUND, BB2, [10, 60, 30, 0]))
    ask(b, forms.transfer, MOVEMENT, GROUND, BB2, 50, 0.3, MOVEMENT, PRISON)
    assert b.militants[0, MOVEMENT, PRISON, BB2].tolist() == [5, 30, 15, 0]
    assert b.militants[0, MOVEMENT, GROUND, BB2].tolist() == [5, 30, 15, 0]
    b.check()


@pytest.mark.parametrize("luck", [0.0, 0.3, 0.7, 0.999])
def test_shares_that_do_not_divide_are_rounded_one_way_or_the_other(luck: float) -> None:
    b = held((MOVEMENT, GROUND, BB2, [1, 1, 1, 0]))
    ask(b, forms.discharge, MOVEMENT, GROUND, BB2, 2, luck, DEAD)
    dead = b.dead[0]
    assert dead.sum() == 2
    assert set(dead[:3].tolist()) == {0, 1}
    assert dead[3] == 0
    b.check()


def test_several_sources_may_meet_in_one_target() -> None:
    sources = [(RIVAL, CELL), (RIVAL, REFUGE), (MASS, CELL)]
    b = held(*((o, k, r, [0, 4, 0, 0]) for o, k in sources for r in range(7)))
    for (o, k), (to_o, to_k) in zip(sources, [(MOVEMENT, CELL), (MOVEMENT, REFUGE), (MOVEMENT, CELL)], strict=True):
        for r in range(7):
            ask(b, forms.transfer, o, k, r, 3, 0.0, to_o, to_k)
    assert (b.militants[:, MOVEMENT, CELL, :, BB] == 6).all()
    assert (b.militants[:, MOVEMENT, REFUGE, :, BB] == 3).all()
    for o, k in sources:
        assert (b.militants[:, o, k, :, BB] == 1).all()
    b.check()


@pytest.mark.parametrize("ledger", [DEAD, DEMOBILISED, enums.REINTEGRATED, ELSEWHERE])
def test_members_may_be_released_to_these_ledgers_by_origin(ledger: int) -> None:
    b = held((RIVAL, REFUGE, AA3, [3, 5, 7, 9]))
    ask(b, forms.discharge, RIVAL, REFUGE, AA3, 24, 0.5, ledger)
    assert getattr(b, STOCKS[ledger])[0].tolist() == [3, 5, 7, 9]
    assert b.militants.sum() == b.counts.sum() == 0
    b.check()


def test_members_may_not_be_released_anywhere_else() -> None:
    b = held((RIVAL, REFUGE, AA3, [3, 5, 7, 9]))
    for ledger in (UNINVOLVED, SYMPATHISERS, MIGRATED, enums.OUTSIDE):
        with pytest.raises(ValueError, match="nobody may move"):
            ask(b, state.release_members, RIVAL, REFUGE, AA3, ledger, np.array([1, 0, 0, 0]))
    b.check()


def test_more_than_there_are_cannot_be_transferred() -> None:
    b = held((MOVEMENT, CELL, BB3, [1, 0, 0, 0]))
    with pytest.raises(ValueError, match="more than the stock holds"):
        ask(b, forms.discharge, MOVEMENT, CELL, BB3, 2, 0.0, DEAD)
    for taken in ([2, 0, 0, 0], [0, 1, 0, 0], [-1, 1, 0, 0]):
        with pytest.raises(ValueError, match="more people leave than are there"):
            ask(held((MOVEMENT, CELL, BB3, [1, 0, 0, 0])), state.move_members, MOVEMENT, CELL, BB3, MOVEMENT, CELL, BB2,
                np.array(taken))
        with pytest.raises(ValueError, match="more people leave than are there"):
            ask(held((MOVEMENT, CELL, BB3, [1, 0, 0, 0])), state.release_members, MOVEMENT, CELL, BB3, DEAD,
                np.array(taken))


def test_a_whole_row_moves_between_organisations_conditions_and_regions() -> None:
    b = held((MOVEMENT, CELL, BB3, [1, 2, 3, 4]), (RIVAL, PRISON, AA2, [5, 0, 0, 0]))
    ask(b, state.move_members, MOVEMENT, CELL, BB3, RIVAL, PRISON, AA2, np.array([1, 1, 0, 4]))
    assert b.militants[0, MOVEMENT, CELL, BB3].tolist() == [0, 1, 3, 0]
    assert b.militants[0, RIVAL, PRISON, AA2].tolist() == [6, 1, 0, 4]
    assert (b.counts[0, MOVEMENT, CELL, BB3], b.counts[0, RIVAL, PRISON, AA2]) == (4, 11)
    b.check()


def test_single_moves_keep_the_counts_of_members() -> None:
    b = held((MOVEMENT, CELL, BB3, [9, 0, 0, 0]))
    here = ask(b, state.militant, MOVEMENT, CELL, BB3, AA)
    move(b, MILITANTS, here, MILITANTS, ask(b, state.militant, RIVAL, HIDDEN, BB1, AA), 4)
    move(b, MILITANTS, here, DEAD, AA, 2)
    move(b, MILITANTS, here, enums.TRANSIT, ask(b, state.of_brand, 0, AA1), 1)
    assert b.counts[0, MOVEMENT, CELL, BB3] == 2
    assert b.counts[0, RIVAL, HIDDEN, BB1] == 4
    assert b.counts.sum() == 6
    b.check()


def test_present_counts_cells_and_ground_of_all_origins() -> None:
    b = held((MOVEMENT, CELL, AA2, [1, 2, 3, 4]), (MOVEMENT, GROUND, AA2, [5, 0, 0, 0]),
             (MOVEMENT, HIDDEN, AA2, [50, 0, 0, 0]), (MOVEMENT, REFUGE, AA2, [70, 0, 0, 0]))
    assert ask(b, forms.present, MOVEMENT, AA2) == 15
    assert ask(b, forms.present, RIVAL, AA2) == 0
    assert ask(b, forms.present, MOVEMENT, AA1) == 0
    assert b.counts[0, MOVEMENT, :, AA2].tolist() == [10, 70, 5, 0, 50]
    assert [CONDITIONS[k] for k in (CELL, REFUGE, GROUND, PRISON, HIDDEN)] == list(CONDITIONS)


def test_residents_and_sympathisers_are_counted_by_region() -> None:
    b = batch()
    put(b, "sympathisers", (0, BB2), np.arange(8))
    assert ask(b, state.sympathising, BB2) == 28
    assert ask(b, state.sympathising, BB1) == 0
    assert ask(b, state.young, BB2) == b.geography.r["youth"][BB2] + 28


def test_means_of_countries() -> None:
    b = batch()
    values = np.arange(7.0)
    found = [ask(b, forms.national_mean, y, values) for y in (AA, BB)]
    assert found == pytest.approx([(0.7 + 2 * 0.9) / 4.0, (3 * 1.6 + 4 * 0.8 + 5 * 0.5 + 1.2) / 3.1])
    assert found == pytest.approx([mean(b, values, y) for y in (AA, BB)])


def test_shares_of_classes_add_up() -> None:
    assert CLASS_SHARES.sum() == pytest.approx(1)
    assert CLASS_SHARES[-1] == 0.0005  # one in two thousand


def test_every_field_has_a_unit_and_a_meaning() -> None:
    for table, (fields, _) in state.TABLES.items():
        names = [field.name for field in fields]
        assert len(set(names)) == len(names), table
        assert all(field.unit and field.meaning for field in fields), table


def test_all_ledgers_open_empty() -> None:
    b = batch()
    assert all((getattr(b, name) == 0).all() for name in LEDGERS)
    assert (b.people[ALL] >= 0).all()
