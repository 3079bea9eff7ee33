"""Ground: attempts, the contest for what is held, and rule."""

from __future__ import annotations

import numpy as np
import pytest

from sim.engine import forms
from sim.engine.enums import (
    CELL,
    GROUND,
    HIDDEN,
    LOST_TO_OFFENSIVE,
    LOST_TO_REVOLT,
    LOST_TO_RIVALS,
    LOST_TO_WEAKNESS,
    MASS,
    MOVEMENT,
    NOT_LOST,
    REFUGE,
    RIVAL,
)
from sim.engine.rules import ground
from tests.engine.kit import (
    AA,
    AA1,
    AA3,
    ALL,
    BB,
    BB2,
    BB3,
    BB4,
    LANMERE,
    SHORE_REST,
    Small,
    ask,
    batch,
    formula,
    freeze,
    put,
    turn,
)

garrison = formula(ground.garrison)
revolt_chance = formula(ground.revolt_chance)
vacuum = formula(ground.vacuum)
win_chance = formula(forms.win_chance)


def test_contest_success() -> None:
    assert win_chance(100.0, 100.0, 1.5) == pytest.approx(0.5)
    assert win_chance(200.0, 100.0, 1.0) == pytest.approx(2 / 3)
    assert win_chance(200.0, 100.0, 2.0) == pytest.approx(0.8)
    assert win_chance(0.0, 0.0, 1.5) == 0  # nobody wins with nobody
    assert win_chance(0.0, 10.0, 1.5) == 0
    assert win_chance(1.0, 0.0, 1.5) == 1


def test_vacuum_against_the_norm() -> None:
    """2.5 per 1,000 residents are the norm: 500 for 200,000."""
    assert vacuum(0.0, 200_000.0, 2.5) == 1
    assert vacuum(125.0, 200_000.0, 2.5) == pytest.approx(0.75)
    assert vacuum(500.0, 200_000.0, 2.5) == 0
    assert vacuum(900.0, 200_000.0, 2.5) == 0


def test_garrison_follows_residents() -> None:
    assert garrison(200_000.0, 1.2) == pytest.approx(240)
    assert garrison(0.0, 1.2) == 0


def test_revolt_is_against_harsh_rule() -> None:
    assert revolt_chance(0.5, 0.4, 0.8, 0.1, 0.5) == pytest.approx(0.032)
    assert revolt_chance(0.0, 0.0, 1.0, 0.1, 0.5) == 0
    assert revolt_chance(1.0, 0.0, 0.0, 0.1, 0.5) == 0
    assert revolt_chance(1.0, 1.0, 1.0, 0.1, 0.5) == pytest.approx(0.05)  # those who chose it revolt half as often


def reach(b: Small) -> np.ndarray:
    return np.array([ask(b, ground.within_reach, r) for r in range(7)])


def test_neighbours_lend_fighters_unless_the_border_is_guarded() -> None:
    """Alvane March is 183 km from Borrun West; 0.4 of a hundred at exp(-183 / 200)."""
    b = batch()
    put(b, "militants", ..., 0)
    put(b, "militants", (0, MOVEMENT, CELL, BB2, BB), 200)  # half of them fight
    lent = 40 * np.exp(-183 / 200)
    assert reach(b)[[AA3, BB2, BB4]] == pytest.approx([lent, 100, 40 * np.exp(-236 / 200)])
    b.regions.guarded[:, AA3] = 0.25
    assert reach(b)[AA3] == pytest.approx(0.75 * lent)
    b.regions.guarded[:, AA3] = 1.0
    assert reach(b)[AA3] == 0
    b.regions.guarded[:] = 1.0
    assert reach(b)[BB4] == pytest.approx(40 * np.exp(-236 / 200))  # no border lies between


def test_fighters_are_members_in_cells_and_on_the_ground() -> None:
    b = batch(ground__fighter_share=0.4)
    put(b, "militants", ..., 0)
    for condition, number in ((CELL, 10), (GROUND, 20), (REFUGE, 400), (HIDDEN, 800)):
        put(b, "militants", (0, MOVEMENT, condition, BB2, BB), number)
    put(b, "militants", (0, RIVAL, CELL, BB2, BB), 1600)
    found = [ask(b, forms.fighters, r) for r in range(7)]
    assert found == pytest.approx([0, 0, 0, 0, 12, 0, 0])


def test_who_stands_in_the_way_by_hand() -> None:
    """Help comes from all of the country; as seen, a force of 100 wins at M / (M + E)."""
    b = batch(ground__decisiveness=1.0, ground__raid_share=1.0, ground__garrison=1e-9)
    put(b, "militants", ..., 0)
    place, spot = b.regions, b.localities
    place.presence[:], spot.resist[:], b.states.capacity[:] = 0.5, 0.6, 0.5
    put(b, "militants", (0, MOVEMENT, CELL, BB3, BB), 200)

    def rescue() -> float:
        ground.step(b)
        assert spot.force[0, LANMERE] == pytest.approx(100)
        return float(100 / spot.storm[0, LANMERE] - 100 - spot.on_the_spot[0, LANMERE])

    freeze(b, "movement.attempt", 0.0)
    # State 0.5 x 0.5 x 12 per 1,000 x 200,000 x 0.25 on duty; local 3 per 1,000 x 0.5 x 0.6 x 0.6
    help_ = rescue()
    assert spot.on_the_spot[0, LANMERE] == pytest.approx(150 + 108)
    assert help_ == pytest.approx(0.03 * 0.5 * 12 * 3100)
    b.states.fragmentation[:] = 0.5
    assert rescue() == pytest.approx(0.25 * 0.03 * 0.5 * 12 * 3100)
    put(b, "militants", (0, RIVAL, CELL, BB3, BB), 100)
    place.resist[:], place.infiltration[:] = 0.5, 0.2
    ground.step(b)
    assert spot.on_the_spot[0, LANMERE] == pytest.approx(150 + 108 * 0.8 + 100 * 0.8 * 0.5 * 0.4)
    put(b, "militants", (0, MASS, CELL, BB3, BB), 1000)
    ground.step(b)
    activists = b.coefficients["ground"]["activist"][0] * 1000
    assert spot.on_the_spot[0, LANMERE] == pytest.approx(150 + 108 * 0.8 + (100 + activists) * 0.8 * 0.5 * 0.4)


def collapsed(worlds: int = 40, fighters: int = 2000, **parameters: float) -> Small:
    """Borrun without a state, two thousand of the movement in Borrun Shore, and the ambition to rule."""
    b = batch(worlds, **parameters)
    put(b, "militants", ..., 0)
    put(b, "militants", (ALL, MOVEMENT, CELL, BB3, BB), fighters)
    b.regions.presence[:], b.states.capacity[:], b.localities.resist[:] = 0.0, 0.0, 0.0
    b.organisations.ambition[:] = 1.0
    return b


def test_a_vacuum_is_entered() -> None:
    b = collapsed(ground__attempt=1e6)
    ground.step(b)
    tries = b.happened.attempts
    assert (tries[:, BB3] == 1).all()  # one place a month
    held = b.localities.control[:, b.geography.region_of == BB3]
    assert set(held.max(axis=1)) == {0.0 + held.max()}
    assert held.max() >= 0.25
    assert (b.militants[:, MOVEMENT, CELL, BB3] == 0).all()  # they come into the open
    assert (b.militants[:, MOVEMENT, GROUND, BB3, BB] == 2000).all()
    b.check()


@pytest.mark.parametrize("stop", ["ambition", "garrison", "state"])
def test_no_attempt(stop: str) -> None:
    b = collapsed(fighters=200 if stop == "garrison" else 2000, ground__attempt=1e6, ground__on_duty=4.0)
    if stop == "ambition":
        b.organisations.ambition[:] = 0
    if stop == "state":
        b.regions.presence[:] = b.states.capacity[:] = b.localities.resist[:] = 1
    ground.step(b)
    assert b.happened.attempts.sum() == 0
    assert (b.localities.control == 0).all()


def test_failure_costs_men_and_teaches() -> None:
    b = collapsed(ground__attempt=1e6, ground__reinforcement=1e9, ground__foresight=0.0, ground__open_base=0.0,
                  ground__orphaned=0.0, ground__cleavage=0.0, ground__infiltrated=0.0)
    b.states.capacity[:] = 1.0  # unseen, help comes at once
    ground.step(b)
    assert (b.happened.attempts_failed == b.happened.attempts).all()
    assert (b.happened.attempts_failed[:, BB3] == 1).all()
    assert (b.localities.control == 0).all()
    assert (b.happened.deaths_militants[:, BB3] == 90).all()  # 0.6 of the 150 who raid
    assert b.states.setbacks[:, BB] == pytest.approx(1 - np.exp(-0.5 * b.happened.attempts[:, 3:].sum(axis=1)))
    assert (b.states.learning[:, BB] > 0).all()
    assert (b.states.setbacks[:, AA] == 0).all()


def raid(men: dict[tuple[int, int], int], closed: bool = False, worlds: int = 20) -> Small:
    """A raid on Borrun Shore that must fail; men by (region, condition); 0.6 of the 150 who are sent are lost."""
    b = collapsed(worlds, 0, ground__attempt=1e6, ground__reinforcement=1e9, ground__foresight=0.0,
                  ground__open_base=0.0, ground__orphaned=0.0, ground__cleavage=0.0, ground__infiltrated=0.0,
                  ground__garrison=1e-9)
    b.states.capacity[:] = 1.0
    for (region, condition), number in men.items():
        put(b, "militants", (ALL, MOVEMENT, condition, region, BB), number)
    if closed:
        b.regions.guarded[:, AA3] = 1.0
    return b


def fallen(b: Small) -> dict[int, int]:
    """Killed in the raids on AA-3, BB-3 and the others, by region of origin, in the first world."""
    ground.step(b)
    b.check()
    assert (b.dead.sum(axis=1) == b.happened.deaths_militants.sum(axis=1)).all()
    return {region: int(n) for region, n in enumerate(b.happened.deaths_militants[0]) if n}


def lost_in(b: Small, region: int) -> np.ndarray:
    """As a failed attempt on one region by 150 men: attackers killed, (W, R)."""
    sent = np.zeros(7)
    sent[region] = 150.0
    for world in range(b.worlds.size):
        ask(b, ground.lose_men, sent, world=world)
    b.check()
    assert (b.happened.attempts_failed.sum(axis=0) == b.worlds.size * (sent > 0)).all()
    return np.asarray(b.happened.deaths_militants)


def test_a_raid_costs_those_on_the_spot_first_then_the_lender() -> None:
    b = raid({(BB3, CELL): 30, (BB3, GROUND): 20, (BB2, GROUND): 25, (BB2, CELL): 100, (BB4, CELL): 60})
    killed = lost_in(b, BB3)
    assert (killed[:, BB3] == 50).all()
    assert (killed[:, BB2] == 40).all()
    assert killed.sum() == 20 * 90
    assert (b.counts[:, MOVEMENT, GROUND, BB2] == 0).all()  # men of the ground force go on raids first
    assert (b.counts[:, MOVEMENT, CELL, BB2] == 85).all()
    assert (b.dead[:, BB] == 90).all()
    b.check()


def test_no_more_fall_than_there_are() -> None:
    b = raid({(BB3, CELL): 30, (BB2, CELL): 10})
    killed = lost_in(b, BB3)
    assert (killed[:, [BB2, BB3]] == [10, 30]).all()
    assert killed.sum() == 20 * 40
    b.check()


def test_nobody_falls_who_could_not_come() -> None:
    """Alvane March is raided from Borrun West; once its border is closed, from Alvane Centre."""
    for closed, lender in ((False, BB2), (True, AA1)):
        b = raid({(BB2, CELL): 1000, (AA1, CELL): 200}, closed)
        killed = lost_in(b, AA3)
        assert (killed[:, lender] == 90).all()
        assert killed.sum() == 20 * 90


def test_failed_raids_are_paid_for_in_full() -> None:
    """From Borrun West alone everybody around is raided; each failure costs its share of men."""
    b = raid({(BB2, CELL): 4000})
    killed = fallen(b)
    assert set(killed) == {BB2}
    assert killed[BB2] <= 0.6 * 150 * b.happened.attempts_failed[0].sum() + 1
    assert killed[BB2] >= 90  # its own attempt


def ruling(control: float = 0.3, men: int = 4000, worlds: int = 1, **parameters: float) -> Small:
    """The movement holds Lanmere and nobody opposes it."""
    b = collapsed(worlds, 0, **{"ground__attempt": 0.0, "ground__revolt": 0.0, **parameters})
    put(b, "militants", (ALL, MOVEMENT, GROUND, BB3, BB), men)
    b.localities.control[:, LANMERE] = control
    return b


def test_control_grows_unopposed() -> None:
    """0.12 a month when nobody stands against it."""
    b = ruling()
    ground.step(b)
    assert b.localities.control[0, LANMERE] == pytest.approx(0.42)
    assert b.localities.control.sum() == pytest.approx(0.42)  # and nowhere else
    assert (b.localities.held[0, LANMERE], b.localities.held.sum()) == (1, 1)
    for _ in range(10):
        ground.step(b)
    assert b.localities.control[0, LANMERE] == 1


def test_control_crumbles_without_a_garrison() -> None:
    """0.15 a month: 0.3, 0.15, and lost below 0.1."""
    b = ruling(men=0)
    ground.step(b)
    assert b.localities.control[0, LANMERE] == pytest.approx(0.15)
    assert b.localities.held[0, LANMERE] == 0  # no longer contested
    assert b.localities.loss_cause[0, LANMERE] == NOT_LOST
    ground.step(b)
    assert b.localities.control[0, LANMERE] == 0
    assert b.localities.loss_cause[0, LANMERE] == LOST_TO_WEAKNESS
    ground.step(b)
    assert b.localities.loss_cause[0, LANMERE] == NOT_LOST


def test_control_shrinks_against_the_stronger() -> None:
    """At equal strength it stands still; against many it loses up to 0.12 a month."""
    b = ruling(men=2000)
    put(b, "militants", (0, RIVAL, CELL, BB3, BB), 1_000_000)
    b.regions.resist[:] = 1.0
    ground.step(b)
    assert b.localities.control[0, LANMERE] == pytest.approx(0.18, abs=1e-3)
    ground.step(b)
    assert b.localities.loss_cause[0, LANMERE] == LOST_TO_RIVALS


def test_an_offensive_takes_control_back() -> None:
    """Overwhelming force: 0.12 gained from rivals' absence less the siege's 0.22 a month."""
    b = ruling()
    b.regions.offensive[0, BB3] = 1e12
    ground.step(b)
    assert b.localities.control[0, LANMERE] == pytest.approx(0.2)
    b.localities.control[0, LANMERE] = 0.15  # 0.05 would be left, too little
    ground.step(b)
    assert b.localities.control[0, LANMERE] == 0
    assert b.localities.loss_cause[0, LANMERE] == LOST_TO_OFFENSIVE


@pytest.mark.parametrize(("siege", "cause"), [(0.04, LOST_TO_RIVALS), (0.06, LOST_TO_OFFENSIVE)])
def test_a_loss_is_laid_at_the_door_of_a_siege_that_was_felt(siege: float, cause: int) -> None:
    """From 0.05 on; 2,000 men are 1,000 fighters, and as many besiegers are a siege of a half."""
    b = ruling(0.15, 2000, ground__siege_felt=0.05, ground__siege_half=1.0)
    put(b, "militants", (0, RIVAL, CELL, BB3, BB), 1_000_000)
    b.regions.resist[:] = 1.0
    b.regions.offensive[0, BB3] = 1000 * siege / (1 - siege)
    ground.step(b)
    assert b.localities.control[0, LANMERE] == 0
    assert b.localities.loss_cause[0, LANMERE] == cause


def test_rule_hardens_with_foreign_cadres() -> None:
    """0.08 x 0.3 a month where all are local, 0.08 x 1.3 where none is, and not before rule is firm."""
    for origin, control, harsh in ((BB, 0.9, 0.024), (2, 0.9, 0.104), (2, 0.3, 0.0)):
        b = ruling(control, 0)
        put(b, "militants", (0, MOVEMENT, GROUND, BB3, origin), 4000)
        ground.step(b)
        assert b.localities.harshness[0, LANMERE] == pytest.approx(harsh)


def test_a_revolt_ends_rule_or_is_crushed() -> None:
    for men, over in ((1500, True), (10**5, False)):
        b = ruling(1.0, men, ground__revolt=1e9, ground__decisiveness=50.0)
        b.localities.harshness[0, LANMERE] = 1.0
        ground.step(b)
        assert b.happened.revolts[0, BB3] == 1
        assert (b.localities.control[0, LANMERE] == 0) == over
        assert (b.localities.loss_cause[0, LANMERE] == LOST_TO_REVOLT) == over


def test_a_revolt_that_gets_help_wins_where_it_would_be_crushed() -> None:
    """Fighters (half of the members, four in ten of them in Lanmere) half as many again as 3 rebels to the thousand."""
    outcomes = []
    for help_ in (0.0, 1.0):
        men = int(1.5 * 3 * collapsed().geography.l["residents"][LANMERE] / 1000 / (0.5 * 0.4))
        b = ruling(1.0, men, ground__revolt=1e9, ground__decisiveness=50.0, ground__uprising_help=1.0)
        b.localities.harshness[0, LANMERE] = 1.0
        turn(b, "uprising_help", help_)
        ground.step(b)
        outcomes.append(b.localities.control[0, LANMERE] > 0)
    assert outcomes == [True, False]


@pytest.mark.parametrize("dial", ["inclusion", "stabilisation"])
def test_loyalties_are_won_back_by_being_heard_and_by_rebuilding(dial: str) -> None:
    """Of orphaned 0.5 and cleavage 0.15, each at weight 1, six tenths are left; nothing in the end."""
    site = batch().place.localities[LANMERE]
    entries = []
    for amount in (0.0, 0.4, 9.0):
        b = collapsed(1, ground__open_base=0.0, ground__infiltrated=0.0, ground__orphaned=1.0, ground__cleavage=1.0)
        put(b, "militants", ..., 0)
        turn(b, dial, amount)
        ground.step(b)
        entries.append(float(b.localities.entry[0, LANMERE]))
        assert b.regions.prospect[0, BB3] == pytest.approx(
            (b.localities.entry[0] * b.place.localities.residents)[b.geography.region_of == BB3].sum())
    expected = [1 - (1 - left * site.orphaned) * (1 - left * site.cleavage) for left in (1, 0.6, 0)]
    assert entries == pytest.approx(expected)


def test_ground_that_is_held_is_no_prospect() -> None:
    plain, held = collapsed(1, 0), collapsed(1, 0)
    held.localities.control[:] = 1.0
    for b in (plain, held):
        ground.step(b)
    assert (plain.regions.prospect > 0).all()
    assert (held.regions.prospect == 0).all()


def test_what_is_won_back_is_no_prospect() -> None:
    plain, heard = collapsed(), collapsed()
    turn(heard, "inclusion", 1.0)
    ground.step(plain)
    ground.step(heard)
    assert heard.regions.prospect[0, BB3] < plain.regions.prospect[0, BB3]


def test_locals_bleed_the_movement_they_resist() -> None:
    b = ruling()
    ground.step(b)
    assert b.dead.sum() == 0
    put(b, "militants", (0, RIVAL, CELL, BB3, BB), 1000)
    b.regions.resist[:] = 1.0
    ground.step(b)
    assert b.dead[0, BB] > 0
    b.check()


def test_memory_of_harsh_rule_does_not_depend_on_other_worlds() -> None:
    """World 0 has lost all; world 1 is ruled or not."""
    harsh = []
    for other in (0.0, 0.9):
        b = batch(2)
        b.organisations.ambition[:] = 0
        b.localities.harshness[0, LANMERE] = 0.5
        b.localities.control[1, LANMERE] = other
        ground.step(b)
        harsh.append(b.localities.harshness[0, LANMERE])
    assert harsh[0] == harsh[1]


def test_what_is_held_already_is_not_attempted_again() -> None:
    b = ruling(0.3, 4000, worlds=40, ground__attempt=1e6)
    ground.step(b)
    tried = b.happened.attempts[:, BB3]
    assert ((b.localities.control[:, SHORE_REST] > 0) == (tried > 0)).all()


def test_an_empty_place_is_not_won_because_nobody_stands_there() -> None:
    """Without any defender a locality still needs a minimum garrison: fewer fighters win nothing."""
    b = batch(40, world="maghreb", start="2011-01", pinned=False)
    g, k = b.geography, b.coefficients["ground"]
    place, region = g.localities.index("LY-SR.sirte"), g.regions.index("LY-SR")
    b.regions.presence[:] = b.states.capacity[:] = b.localities.resist[:] = 0.0
    b.organisations.ambition[:] = 1.0
    needed = k["garrison"][0] * g.l["residents"][place] / 1000 / k["fighter_share"][0]

    def taken(members: int) -> float:
        b.localities.control[:] = 0.0
        put(b, "militants", ..., 0)
        put(b, "militants", (ALL, MOVEMENT, CELL, region, g.country_of[region]), members)
        for b.step in range(24):
            ground.step(b)
        return float((b.localities.control[:, place] > 0).mean())

    assert taken(int(0.9 * needed)) == 0.0
    assert taken(int(3.0 * needed)) > 0.5
