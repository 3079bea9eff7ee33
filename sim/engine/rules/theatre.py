"""The distant theatre: men die, change brand, come home or are sent home to open a new front.

Its course is data (dated territory, strength and lethality). Brigades already there change allegiance one by one and
en bloc when the movement stands higher [000 l.244-253]; returns are few, and strong states jail them [000 l.1684-1689].
"""

from __future__ import annotations

from sim.engine.compiled import rule
from sim.engine.counts import binomial_hazard, multinomial
from sim.engine.enums import (
    BRANDS,
    CELL,
    DEAD,
    HIDDEN,
    MILITANTS,
    MOVEMENT,
    MOVEMENT_BRAND,
    PRISON,
    REINTEGRATED,
    RIVAL_BRAND,
    THEATRE,
)
from sim.engine.forms import share
from sim.engine.now import decided, decision, draw, draw_four, draw_row, stream
from sim.engine.process import process
from sim.engine.rules.passage import organisation_of
from sim.engine.state import militant, move, of_brand

BLOC, SWITCH, LUCK, FATE = map(stream, ("theatre.bloc", "theatre.switch", "theatre.fighters", "theatre.fate"))
WILL = decision("movement.send_home")
JAILED, WELCOMED, HIDING = 0, 1, 2


@rule
def switching(gap, rate):
    """Hazard of changing to the movement, by how much higher it stands than what ties one to one's own brand."""
    return rate * max(0.0, gap)


@rule
def return_fate(capacity, control, intelligence, welcome, screening, more, base, shares):
    """Shares of returnees who are jailed, reintegrated and stay hidden, into shares (3,).

    Who comes back is seen in step with the state's capacity, of which exit control and intelligence carry each the
    part above ``base``.
    """
    seen = share(capacity * (base + (1 - base) * control) * (base + (1 - base) * intelligence) * screening + more)
    shares[JAILED] = seen * (1 - welcome)
    shares[WELCOMED] = seen * welcome
    shares[HIDING] = max(0.0, 1 - shares[JAILED] - shares[WELCOMED])


@rule
def fates(w, k, now, y, shares):
    """Shares of those who come home to a country."""
    state = w.states[y]
    return_fate(state.capacity, state.exit_control, state.intelligence, state.welcome, k.theatre.screening,
                now.states[y].screening, k.theatre.seen_anyhow, shares)


@rule
def homeward(access, territory, rate, decline, shut):
    """Hazard of coming home: weariness, more when the brand loses ground, less when the way back is shut."""
    return rate * (shut + (1 - shut) * access) * (1 + decline * (1 - territory))


@process("theatre", "militants", "dead", "reintegrated", "happened.deaths_abroad", "happened.returnees_jailed",
         "happened.returnees_reintegrated", "happened.returnees_hidden", "happened.sent_home")
def step(w, g, k, now):
    """One month in the theatre."""
    change_brand(w, g, k, now)
    # Until the movement has had ground it cannot have lost any.
    ground = now.theatre.movement_territory if now.theatre.proclaimed else 1.0
    dying = k.theatre.lethality * now.theatre.lethality
    returning = homeward(now.theatre.access, ground, k.theatre.return_rate, k.theatre.return_decline, k.theatre.shut)
    for r in range(len(w.regions)):
        y = g.regions[r].country
        for b in range(len(BRANDS)):
            if w.theatre[b, r] > 0:
                cell = of_brand(w, b, r)
                death, home, front, _ = draw_four(w, now, LUCK, cell)
                n = binomial_hazard(death, w.theatre[b, r], dying)
                move(w, THEATRE, cell, DEAD, y, n)
                w.happened[r].deaths_abroad += n
                back = binomial_hazard(home, w.theatre[b, r], returning)
                if back > 0:
                    fates(w, k, now, y, w.weights)
                    come_home(w, g, now, b, r, back, w.weights)
                if b == MOVEMENT_BRAND:
                    send_home(w, g, k, now, r, front)


@rule
def change_brand(w, g, k, now):
    """Men of the other brands change to the movement, one by one and en bloc by country."""
    n_r, n_y = len(w.regions), len(w.states)
    for b in range(RIVAL_BRAND, len(BRANDS)):
        gap = w.brands[MOVEMENT_BRAND].prestige - k.theatre.attachment * w.brands[b].prestige
        hazard = switching(gap, k.theatre.switch_rate)
        if gap <= 0.0:
            continue
        for y in range(n_y):
            bloc = draw(w, now, BLOC, (b - RIVAL_BRAND) * n_y + y) < switching(gap, k.theatre.bloc_rate)
            first = g.states[y].first_region
            for r in range(first, first + g.states[y].regions):
                if w.theatre[b, r] > 0:
                    n = binomial_hazard(draw(w, now, SWITCH, (b - RIVAL_BRAND) * n_r + r), w.theatre[b, r],
                                        hazard + (k.theatre.bloc_size if bloc else 0.0))
                    move(w, THEATRE, of_brand(w, b, r), THEATRE, of_brand(w, MOVEMENT_BRAND, r), n)


@rule
def come_home(w, g, now, b, r, back, shares):
    """Returnees are jailed, reintegrated, or hide; they belong to their organisation at home."""
    y, cell, o = g.regions[r].country, of_brand(w, b, r), organisation_of(b)
    parts = w.parts
    draw_row(w, now, FATE, cell, w.weights_luck)
    multinomial(back, shares, w.weights_luck, parts)
    move(w, THEATRE, cell, MILITANTS, militant(w, o, PRISON, r, y), parts[JAILED])
    move(w, THEATRE, cell, MILITANTS, militant(w, o, HIDDEN, r, y), parts[HIDING])
    move(w, THEATRE, cell, REINTEGRATED, y, parts[WELCOMED])
    happened = w.happened[r]
    happened.returnees_jailed += parts[JAILED]
    happened.returnees_hidden += parts[HIDING]
    happened.returnees_reintegrated += parts[WELCOMED]


@rule
def send_home(w, g, k, now, r, u):
    """The core sends men home to open a front where their state is too weak to stop them [000 l.664-668]."""
    will = decided(now, WILL, w.organisations[MOVEMENT].ambition)
    n = binomial_hazard(u, w.theatre[MOVEMENT_BRAND, r],
                        k.theatre.send_home * will * w.regions[r].collapse)
    move(w, THEATRE, of_brand(w, MOVEMENT_BRAND, r), MILITANTS, militant(w, MOVEMENT, CELL, r, g.regions[r].country), n)
    w.happened[r].sent_home += n
