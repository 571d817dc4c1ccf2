"""Charts of the HTML report as SVG: plain shapes whose colours the page's style sheet gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from markupsafe import Markup, escape

WIDTH = 880
LANE = 34
LEFT = 270
SQUARE = 300
EDGE = 48
TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)
SHOWN_TIMES = 5
MOST_LABELS = 8


def slug(text: str) -> str:
    """Text as part of a CSS class."""
    return text.replace(" ", "-")


def timeline(executions: Sequence[Mapping[str, Any]], versions: Sequence[Mapping[str, Any]]) -> Markup:
    """A lane per pipeline with a mark per execution, and one with a mark per decision on a version."""
    marks = [
        (f"{e['environment']}: {e['pipeline']}", _moment(e["started"]), "dot", e["outcome"], _execution_title(e))
        for e in executions
    ]
    marks += [
        ("registry: decisions", _moment(v["changed"]), "diamond", v["status"].lower(), _version_title(v))
        for v in versions
        if v["reason"]
    ]
    if not marks:
        return Markup("<p>Nothing has run yet.</p>")
    lanes = list(dict.fromkeys(sorted(lane for lane, *_ in marks)))
    first, last = min(m[1] for m in marks), max(m[1] for m in marks)
    span = max((last - first).total_seconds(), 60.0)
    height = LANE * len(lanes) + 30

    def across(moment: datetime) -> float:
        return LEFT + 14 + (WIDTH - LEFT - 40) * (moment - first).total_seconds() / span

    parts = []
    for number, lane in enumerate(lanes):
        y = LANE * number + LANE / 2
        parts.append(f'<line class="lane" x1="{LEFT}" x2="{WIDTH}" y1="{y}" y2="{y}"/>')
        parts.append(f'<text x="0" y="{y + 4}">{escape(lane)}</text>')
    for step in range(SHOWN_TIMES):
        moment = first + timedelta(seconds=span * step / (SHOWN_TIMES - 1))
        text = f"{moment:%d %b %H:%M}" if span > 86_400 else f"{moment:%H:%M:%S}"
        anchor = "start" if step == 0 else "end" if step == SHOWN_TIMES - 1 else "middle"
        parts.append(
            f'<text class="tick" x="{across(moment):.1f}" y="{height - 6}" text-anchor="{anchor}">{text}</text>'
        )
    for lane, moment, shape, state, title in marks:
        x, y = across(moment), LANE * lanes.index(lane) + LANE / 2
        figure = (
            f'<circle cx="{x:.1f}" cy="{y}" r="6"' if shape == "dot" else f'<path d="M{x:.1f} {y - 8}l8 8l-8 8l-8 -8z"'
        )
        parts.append(f'{figure} class="mark {slug(state)}"><title>{escape(title)}</title>{_close(shape)}')
    return _svg(WIDTH, height, parts, "Executions and decisions over time")


def _close(shape: str) -> str:
    return "</circle>" if shape == "dot" else "</path>"


def intervals(versions: Sequence[Mapping[str, Any]], threshold: float) -> Markup:
    """The AUC of each version with its interval, and the threshold of the gate."""
    known = [version for version in versions if version["auc"] is not None]
    low: float = min([version["auc_lower_bound"] for version in known] + [threshold]) - 0.03
    height = LANE * len(known) + 30

    def across(value: float) -> float:
        return LEFT + (WIDTH - LEFT - 90) * (value - low) / (1 - low)

    gate = f"{across(threshold):.1f}"
    parts = [
        f'<line class="threshold" x1="{gate}" x2="{gate}" y1="0" y2="{height - 22}"/>',
        f'<text class="tick" x="{gate}" y="{height - 6}" text-anchor="middle">gate {threshold:g}</text>',
        f'<text class="tick" x="{across(1):.1f}" y="{height - 6}" text-anchor="middle">1</text>',
    ]
    for number, version in enumerate(known):
        y = LANE * number + LANE / 2
        ends = [across(version[bound]) for bound in ("auc_lower_bound", "auc_upper_bound")]
        state = slug(version["status"].lower())
        parts += [
            f'<text x="0" y="{y + 4}">version {version["version"]}, trained in {escape(version["trained_in"])}</text>',
            f'<line class="interval {state}" x1="{ends[0]:.1f}" x2="{ends[1]:.1f}" y1="{y}" y2="{y}"/>',
            f'<circle class="mark {state}" cx="{across(version["auc"]):.1f}" cy="{y}" r="5"/>',
            f'<text class="value" x="{WIDTH}" y="{y + 4}" text-anchor="end">{version["auc"]:.3f}</text>',
        ]
    return _svg(WIDTH, height, parts, "AUC of each version with its interval")


def roc(curves: Mapping[str, Mapping[str, Any]]) -> Markup:
    """ROC curves by label."""
    parts = [*_square("false positive rate", "true positive rate")]
    for number, evaluation in enumerate(curves.values()):
        curve = evaluation["binary_classification_metrics"]["receiver_operating_characteristic_curve"]
        points = zip(curve["false_positive_rates"], curve["true_positive_rates"], strict=True)
        parts.append(_line(points, f"series s{number % 4}"))
    return _svg(SQUARE + 2 * EDGE, SQUARE + 2 * EDGE, parts, "ROC curves")


def calibration(curves: Mapping[str, Mapping[str, Any]]) -> Markup:
    """Predicted against observed rate of positives; the area of a point is the number of rows behind it."""
    parts = [*_square("mean prediction", "observed rate")]
    for number, evaluation in enumerate(curves.values()):
        bins = [one for one in evaluation["calibration"]["bins"] if one["count"]]
        points = [(one["mean_prediction"], one["observed_rate"]) for one in bins]
        parts.append(_line(points, f"series s{number % 4}"))
        for (x, y), one in zip(points, bins, strict=True):
            radius = 1.5 + one["count"] ** 0.5 / 2
            parts.append(
                f'<circle class="point s{number % 4}" cx="{_x(x):.1f}" cy="{_y(y):.1f}" r="{radius:.1f}">'
                f"<title>{one['count']} rows</title></circle>"
            )
    return _svg(SQUARE + 2 * EDGE, SQUARE + 2 * EDGE, parts, "Calibration")


def shares(distribution: Mapping[str, Any]) -> Markup:
    """A feature's values: share in the baseline beside share in the batch."""
    before, now = distribution["baseline"], distribution["batch"]
    greatest = max([one["share"] for one in (*before, *now)] + [0.01])
    height, width, slot = 110, 260, 260 / max(len(before), 1)
    parts = []
    for number, (old, new) in enumerate(zip(before, now, strict=True)):
        for offset, kind, one in ((0.12, "baseline", old), (0.5, "batch", new)):
            tall = 80 * one["share"] / greatest
            parts.append(
                f'<rect class="{kind}" x="{slot * (number + offset):.1f}" y="{88 - tall:.1f}" width="{slot * 0.36:.1f}"'
                f' height="{tall:.1f}"><title>{kind}: {one["share"]:.1%}</title></rect>'
            )
        # Of many ranges only every second fits, and only where it begins.
        label = old["value"] if len(before) <= MOST_LABELS else "" if number % 2 else old["value"].split("-")[0]
        middle = f"{slot * (number + 0.5):.1f}"
        parts.append(f'<text class="tick" x="{middle}" y="104" text-anchor="middle">{escape(label)}</text>')
    return _svg(width, height, parts, "Shares of values in baseline and batch")


def _square(across: str, up: str) -> list[str]:
    parts = [f'<line class="diagonal" x1="{_x(0)}" y1="{_y(0)}" x2="{_x(1)}" y2="{_y(1)}"/>']
    for tick in TICKS:
        parts += [
            f'<line class="grid" x1="{_x(tick)}" x2="{_x(tick)}" y1="{_y(0)}" y2="{_y(1)}"/>',
            f'<line class="grid" x1="{_x(0)}" x2="{_x(1)}" y1="{_y(tick)}" y2="{_y(tick)}"/>',
            f'<text class="tick" x="{_x(tick)}" y="{_y(0) + 14}" text-anchor="middle">{tick:g}</text>',
            f'<text class="tick" x="{_x(0) - 5}" y="{_y(tick) + 4}" text-anchor="end">{tick:g}</text>',
        ]
    middle = SQUARE / 2 + EDGE
    return [
        *parts,
        f'<text x="{middle}" y="{SQUARE + 2 * EDGE - 6}" text-anchor="middle">{across}</text>',
        f'<text x="10" y="{middle}" text-anchor="middle" transform="rotate(-90 10 {middle})">{up}</text>',
    ]


def _x(value: float) -> float:
    return EDGE + SQUARE * value


def _y(value: float) -> float:
    return EDGE / 2 + SQUARE * (1 - value)


def _line(points: Any, style: str) -> str:
    path = "L".join(f"{_x(x):.1f} {_y(y):.1f}" for x, y in points)
    return f'<path class="{style}" d="M{path}"/>'


def _svg(width: float, height: float, parts: Sequence[str], label: str) -> Markup:
    # Every text in the parts is escaped, or a number, or ours.
    return Markup(  # noqa: S704
        f'<svg role="img" aria-label="{label}" viewBox="0 0 {width:g} {height:g}" width="{width:g}">'
        + "".join(parts)
        + "</svg>"
    )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _execution_title(execution: Mapping[str, Any]) -> str:
    reason = f"\n{execution['reason']}" if execution["reason"] else ""
    return f"{execution['started']}: {execution['outcome']} after {execution['seconds']} s{reason}"


def _version_title(version: Mapping[str, Any]) -> str:
    return f"version {version['version']} {version['status']}: {version['reason']} ({version['changed_by']})"
