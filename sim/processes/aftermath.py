"""After a loss: survivors are caught, melt back, go home, or move to weak authority within reach.

Home-grown members melt into their communities, which may or may not hold them to account; foreigners go where they can
[000 l.1027-1071]. Going home to a strong state means prison. Without pursuit and stabilisation a place stays exposed.
"""

from __future__ import annotations

import numpy as np

from sim.conditions import ruled_share
from sim.moment import Moment
from sim.noise import categorical, split_shares
from sim.processes.theatre import return_fate
from sim.world import GROUND, HIDDEN, MOVEMENT, PRISON, REFUGE

WRITES = ("militants", "dead", "reintegrated", "elsewhere")


def survivors_shares(caught: float, hidden: float, home: float) -> np.ndarray:
    """Shares caught, hidden on the spot, gone home and moved on, (4,); each is taken from what the former leave."""
    stay = (1 - caught) * hidden
    back = (1 - caught - stay) * home
    return np.array([caught, stay, back, 1 - caught - stay - back])


def step(m: Moment) -> None:
    """Disperse ground forces from regions where nothing is held any more (rare, so one place at a time)."""
    w = m.world
    lost = (ruled_share(m) <= 0) & (w.present(MOVEMENT, GROUND) > 0)
    for world, region in zip(*np.nonzero(lost), strict=True):
        _disperse(m, int(world), int(region), m.luck_at("aftermath", int(world), int(region), 7,
                                                            len(m.geography.origins)))


def _disperse(m: Moment, world: int, region: int, luck: np.ndarray) -> None:
    w, g, d, k = m.world, m.geography, m.dials, m.k["aftermath"]
    stock = w.militants[world, MOVEMENT, GROUND, region].copy()
    country = int(g.country_of[region])

    def one(coefficient: np.ndarray) -> float:
        return float(np.ravel(coefficient)[min(world, np.size(coefficient) - 1)])

    followed = sum(x[min(world, x.shape[0] - 1), region] for x in (d.stabilisation, d.pursuit))
    pursuit = float(np.clip(w.presence[world, region] + followed, 0, 1))
    origins = np.arange(len(g.origins))
    local = origins == country
    caught = pursuit * one(k.caught)
    shares = np.where(local[:, None], survivors_shares(caught, one(k.hidden_locals), 0.0),
                      survivors_shares(caught, one(k.hidden_foreigners), one(k.home)))
    parts = split_shares(stock, shares, luck[:3].T).astype(np.int32)
    at = (world, MOVEMENT, GROUND, region)
    w.move("militants", "militants", parts[:, 0], at=at, to=(world, MOVEMENT, PRISON, region))
    w.move("militants", "militants", parts[:, 1], at=at, to=(world, MOVEMENT, HIDDEN, region))
    _go_home(m, world, parts[:, 2], at, luck[3], luck[5:])
    target = _weak_place(m, world, region, float(luck[4, 0]), one(k.move_km))
    w.move("militants", "militants", parts[:, 3], at=at, to=(world, MOVEMENT, REFUGE, target))


def _weak_place(m: Moment, world: int, region: int, luck: float, scale: float) -> int:
    """Where authority is weak and terrain or emptiness shelters, within reach."""
    w, g = m.world, m.geography
    weight = ((1 - w.presence[world]) ** 2 * (0.2 + g.r["rugged"] + 1 / (1 + g.r["density"] / 10))
              * np.exp(-g.distance[region] / scale) * (1 - w.barrier[world]))
    return int(categorical(np.array([luck]), weight[None])[0])


def _go_home(m: Moment, world: int, leaving: np.ndarray, at: tuple, luck: np.ndarray,
             fate_luck: np.ndarray) -> None:
    w, g, d = m.world, m.geography, m.dials
    n_y = len(g.countries)

    def row(values: np.ndarray) -> np.ndarray:
        return values[min(world, values.shape[0] - 1)]

    welcome = np.clip(m.k["theatre"].welcome + d.reintegration + 0.5 * d.amnesty, 0, 1)
    jailed, back = return_fate(w.capacity[world], row(np.clip(w.exit_level + d.exit_control, 0, 1)),
                               row(np.clip(g.y["intelligence"] * d.intelligence, 0, 1)),
                               np.broadcast_to(row(np.broadcast_to(welcome, (w.n, n_y))), (n_y,)),
                               row(np.broadcast_to(m.k["theatre"].screening, (w.n, n_y))), row(d.screening))
    for y in np.flatnonzero(leaving[:n_y]):
        gone = w.recent_gone[world] * (g.country_of == y) + g.r["youth"] * (g.country_of == y) * 1e-9
        home = int(categorical(luck[y:y + 1], gone[None])[0])
        fates = split_shares(leaving[y:y + 1], np.array([[jailed[y], back[y], max(0.0, 1 - jailed[y] - back[y])]]),
                             fate_luck[:, y][None]).astype(np.int32)[0]
        source = (*at, slice(y, y + 1))
        w.move("militants", "militants", fates[:1], at=source, to=(world, MOVEMENT, PRISON, home, slice(y, y + 1)))
        w.move("militants", "reintegrated", fates[1:2], at=source, to=(world, slice(y, y + 1)))
        w.move("militants", "militants", fates[2:], at=source, to=(world, MOVEMENT, HIDDEN, home, slice(y, y + 1)))
        record = np.zeros((w.n, len(g.regions)))
        for name, count in zip(("returnees_jailed", "returnees_reintegrated", "returnees_hidden"), fates, strict=True):
            one = record.copy()
            one[world, home] = count
            m.flow(name, one)
    outside = leaving.copy()
    outside[:n_y] = 0
    w.move("militants", "elsewhere", outside, at=at, to=(world,))

