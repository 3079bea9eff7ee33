"""What a calibration found, as tables and a text: priors and posteriors, emulators, and the check on new luck."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim.inputs.scenario import Scenario
from sim.runs import results
from sim.studies.calibrate import emulation as em
from sim.studies.calibrate.outcome import CHECK, FINAL, Outcome, write_table
from sim.studies.calibrate.prior import rules_of

STRONG, PARTLY, SHIFTED = 0.5, 0.15, 0.4
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def write(outcome: Outcome, scenario: Scenario, folder: Path, settings: Mapping[str, Any], command: Sequence[str],
          seconds: float) -> None:
    """Write all tables, the text and the manifest."""
    draws, values = outcome.draws, outcome.prior.values(outcome.draws)
    pd.DataFrame(values, columns=list(outcome.prior.names)).to_csv(
        folder / "posterior.csv", index=False, float_format="%.6g", lineterminator="\n")
    write_table(waves_table(outcome), folder / "waves.parquet")
    coefficients, targets = coefficient_table(outcome.prior.names, draws, outcome), target_table(outcome)
    coefficients.to_csv(folder / "coefficients.csv", index=False, float_format="%.6g", lineterminator="\n")
    targets.to_csv(folder / "targets.csv", index=False, float_format="%.6g", lineterminator="\n")
    manifest = results._manifest(scenario, json.dumps(settings, sort_keys=True), command, seconds, _start(seconds))
    manifest |= {"kind": "calibration", "worlds": sum(len(u) for u, _ in outcome.stages.values()) + len(draws),
                 "title": scenario.title, "seed": settings["seed"], "calibration": dict(settings),
                 "found": {key: float(value) for key, value in outcome.facts.items()},
                 "seconds": {key: round(value, 1) for key, value in outcome.seconds.items()}}
    for package in ("scikit-learn", "emcee"):
        manifest["packages"][package] = results._version(package)
    (folder / results.MANIFEST).write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / "report.md").write_text(text(outcome, scenario, settings, coefficients, targets), encoding="utf-8")


def _start(seconds: float) -> Any:
    import datetime

    return datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=seconds)


def waves_table(outcome: Outcome) -> pd.DataFrame:
    """Every simulated point: stage, coefficients, measured targets and, in the last stage, its weight."""
    parts = []
    for stage, (u, raw) in outcome.stages.items():
        frame = pd.DataFrame({"stage": stage, "point": np.arange(len(u))})
        values = pd.DataFrame(outcome.prior.values(u), columns=list(outcome.prior.names))
        measured = pd.DataFrame(raw, columns=[t.id for t in outcome.fitted])
        parts.append(pd.concat([frame, values, measured], axis=1))
    w = np.exp(outcome.log_weights - outcome.log_weights.max())
    parts[-1]["weight"] = w / w.sum()
    return pd.concat(parts, ignore_index=True)


def coefficient_table(names: Sequence[str], draws: np.ndarray, outcome: Outcome) -> pd.DataFrame:
    """Prior and posterior of each coefficient.

    ``contraction`` is one less the ratio of posterior to prior variance and ``shift`` the move of the mean in prior
    standard deviations, both on the prior's scale (logarithmic where the prior is log-uniform).
    """
    prior = outcome.prior
    at = {q: prior.values(np.quantile(draws, q, axis=0)[None])[0] for q in QUANTILES}
    contraction = 1 - draws.var(axis=0, ddof=1) * 12
    shift = (draws.mean(axis=0) - 0.5) * np.sqrt(12)
    word = np.where(contraction >= STRONG, "strongly",
                    np.where((contraction >= PARTLY) | (np.abs(shift) >= SHIFTED), "partly", "no"))
    return pd.DataFrame({"coefficient": names, "low": prior.low, "high": prior.high,
                         "prior": np.where(prior.log, "log-uniform", "uniform"),
                         **{f"p{round(100 * q):02d}": at[q] for q in QUANTILES},
                         "contraction": contraction, "shift": shift, "informed": word})


def target_table(outcome: Outcome) -> pd.DataFrame:
    """Each target: range, emulator, what moves it, and the check; places -1 and 1 are the ends of the range."""
    from sim.studies.record.target_verdicts import verdict

    u, first = outcome.stages["wave-1"]
    fitted = {t.id: i for i, t in enumerate(outcome.fitted)}
    rules = rules_of()
    rows = []
    for i, target in enumerate([*outcome.fitted, *outcome.reserved]):
        goal = em.goal_of(target, rules)
        judged = verdict(outcome.check[:, i], target)
        row = {"id": target.id, "role": target.role, "statement": getattr(target, "statement", target.id),
               "scale": target.scale, "kind": target.kind, "low": target.low, "high": target.high,
               "median": judged.median, "p05": judged.low90, "p25": judged.low50, "p75": judged.high50,
               "p95": judged.high90, "happened": judged.happened / len(outcome.check), "verdict": judged.word,
               "hit": judged.hit, "note": judged.note}
        for name, value in (("p05", judged.low90), ("p25", judged.low50), ("p50", judged.median),
                            ("p75", judged.high50), ("p95", judged.high90)):
            row[f"place_{name}"] = float(goal.place(value))
        if target.id in fitted:
            t = fitted[target.id]
            before, emulator = verdict(first[:, t], target), outcome.last[t]
            row |= {"prior_p05": float(goal.place(before.low90)), "prior_p50": float(goal.place(before.median)),
                    "prior_p95": float(goal.place(before.high90)), "emulator": emulator.kind, "skill": emulator.skill,
                    "skill_first": outcome.waves[0].emulators[t].skill,
                    "moved_by": moved_by(outcome.prior.names, u, first[:, t])}
        rows.append(row)
    return pd.DataFrame(rows)


def moved_by(names: Sequence[str], u: np.ndarray, y: np.ndarray, most: int = 3) -> str:
    """Coefficients with the strongest rank correlation over the prior, signed."""
    from scipy.stats import rankdata

    known = np.isfinite(y)
    if known.sum() < em.FEW or np.ptp(y[known]) == 0:
        return ""
    a = rankdata(u[known], axis=0)
    b = rankdata(y[known])
    rho = ((a - a.mean(axis=0)) * (b - b.mean())[:, None]).mean(axis=0) / (a.std(axis=0) * b.std())
    order = np.argsort(-np.abs(rho), kind="stable")[:most]
    return ", ".join(f"{names[i]} {rho[i]:+.2f}" for i in order if abs(rho[i]) >= 0.1)


def text(outcome: Outcome, scenario: Scenario, settings: Mapping[str, Any], coefficients: pd.DataFrame,
         targets: pd.DataFrame) -> str:
    """The report in Markdown."""
    facts = outcome.facts
    groups = len({t.group for t in outcome.fitted})
    parts = [
        f"# Calibration of {scenario.title or scenario.name}", "",
        f"{results.DISCLAIMER}", "",
        f"History matching with emulators in {len(outcome.waves)} waves, then posterior draws (seed "
        f"{settings['seed']}). Fitted: {len(outcome.fitted)} targets of {groups} facts. The {len(outcome.reserved)} "
        "reserved targets were measured only at the very end, at the finished draws.", "",
        "## What the data informed", "", *_informed(coefficients), "",
        _table(coefficients, {"coefficient": "coefficient", "low": "prior low", "high": "prior high",
                              "prior": "prior", "p05": "5 %", "p50": "median", "p95": "95 %",
                              "contraction": "contraction", "shift": "shift", "informed": "informed"}), "",
        "Contraction: one less posterior over prior variance. Shift: move of the mean in prior standard deviations. "
        f"Strongly informed: contraction of at least {STRONG}; partly: {PARTLY}, or a shift of at least {SHIFTED}.", "",
        "## Waves", "", *_waves(outcome), "",
        "## Posterior", "",
        f"- worlds simulated for it: {len(outcome.stages[FINAL][0]):,}, placed by prior x emulated likelihood (share "
        f"of accepted moves {facts.get('accepted', float('nan')):.2f}, autocorrelation "
        f"{facts.get('autocorrelation', float('nan')):.0f} steps, about {facts.get('independent', float('nan')):,.0f} "
        f"independent points behind them; R-hat between two sets of walkers {facts.get('rhat', float('nan')):.2f})",
        f"- effective sample size: {facts['effective']:,.0f} (before the real distances "
        f"{facts['effective_emulated']:,.0f})",
        f"- correction of the likelihood by the emulators that know these worlds, applied to the power of "
        f"{facts['corrected']:.2f}" + (" (well below one: more points or another wave would help)"
                                       if facts["corrected"] < 0.5 else ""),
        f"- tolerance of the ABC kernel: {outcome.tolerance:.2f} standard deviations of observation and discrepancy",
        f"- draws: {len(outcome.picked)}, distinct: {len(np.unique(outcome.picked))}",
        f"- simulations inside the emulators' 90 % intervals: {100 * facts['emulators_cover']:.0f} % (90 % if they are "
        "honest)", "",
    ]
    for role, title in (("fitted", "fitted targets"), ("reserved", "reserved targets")):
        part = targets[targets["role"] == role]
        hits = f"{int(part['hit'].sum())} of {len(part)} hit" if len(part) else "none"
        parts += [f"## Check on new luck: {title} ({hits})", ""]
        if len(part):
            columns = {"id": "target", "statement": "statement", "low": "low", "high": "high", "median": "median",
                       "p05": "5 %", "p95": "95 %", "happened": "happened", "verdict": "verdict", "hit": "hit"}
            if role == "fitted":
                columns |= {"emulator": "emulator", "skill": "R2", "skill_first": "R2 wave 1",
                            "moved_by": "moved most by"}
            parts += [_table(part, columns), ""]
    parts += ["## Reading this", "",
              "R2 is against single worlds, so luck keeps it below one; for probabilities it is the Brier skill. A "
              "target that did not happen in a world counts as missed by "
              f"{em.MISSED:g} standard deviations. Targets are taken as independent given the coefficients, except "
              "that those of one fact share one weight.", ""]
    return "\n".join(parts)


def _informed(coefficients: pd.DataFrame) -> list[str]:
    lines = []
    for word, title in (("strongly", "Strongly informed"), ("partly", "Partly informed"),
                        ("no", "Uninformed (the posterior is the prior)")):
        names = coefficients.loc[coefficients["informed"] == word, "coefficient"]
        lines.append(f"- {title}: {', '.join(f'`{name}`' for name in names) or 'none'}.")
    return lines


def _waves(outcome: Outcome) -> list[str]:
    lines = ["| wave | worlds | not ruled out before, % of the prior | cutoff | emulators trained on | median R2 | "
             "out of reach of all points |", "|---|---|---|---|---|---|---|"]
    for wave in outcome.waves:
        skill = float(np.median([e.skill for e in wave.emulators]))
        lines.append(f"| {wave.name} | {wave.points:,} | {100 * wave.share:.3g} | {wave.cutoff:.2f} | "
                     f"{wave.trained:,} | {skill:.2f} | {', '.join(wave.aside) or 'none'} |")
    lines.append(f"| posterior | {len(outcome.stages[FINAL][0]):,} | {100 * outcome.facts['share']:.3g} | "
                 f"{outcome.facts['cutoff']:.2f} | | {np.median([e.skill for e in outcome.last]):.2f} | |")
    seconds = ", ".join(f"{key} {value:.0f} s" for key, value in outcome.seconds.items() if key != CHECK)
    return [*lines, "", f"Time: {seconds or 'not measured'}."]


def _table(frame: pd.DataFrame, columns: Mapping[str, str]) -> str:
    rows = [list(columns.values()), ["---"] * len(columns)]
    rows += [[_cell(value) for value in row] for row in frame[list(columns)].itertuples(index=False)]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _cell(value: Any) -> str:
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, float):
        return "" if np.isnan(value) else f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"
    return str(value).replace("|", "/")
