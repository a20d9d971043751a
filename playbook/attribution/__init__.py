"""Attribution: which touches made the conversions, by any number of models side by side.

`journeys` takes touches and conversions (pandas, or Ibis tables of any engine; what is heavy runs
there) or `from_paths` a ready-made table of paths; `Journey` holds every choice that decides which
touches a conversion has. `attribute` credits them. Every table adds up to the conversions and, to
the cent, to the value that went in, with a line "unattributed" for conversions without a touch.

The models:

- `first`, `last`, `last_non_direct`, `linear`, `u_50_50`, `u_40_20_40`, `position_a_b_c`: by
  place. The middle's weight goes to the ends, in proportion, where nothing lies between.
- `w`, `full_path`: by the touches at real milestones, such as when the lead came and when the
  opportunity was opened: 30/30/30/10, and 22.5 four times and 10. What happens when milestones
  coincide, are missing, or have nothing between them is said at `Milestones`; it is always 100 %.
- `time_decay`, `time_decay_N`: half the weight for every 7, or N, days further back.
- `Custom`: weights of your own.
- `markov`, `markov_2` … `markov_4`: removal effects on the absorbing chain, see `chain`.
- `shapley`: the sum of conversions as a game, in closed form; `shapley_rate`: the conversion rate
  as a game, which can give negative credit; see `games`.

Where packages of the same names often differ, and ours does not:

- Markov is solved, not simulated: the same journeys give the same figures (simulations miss by 2
  to 4 % at usual settings), over all paths the chain allows and not only those observed, and with
  journeys that did not convert, which many drop. Which of those are in it is a choice (`nulls`).
- Shapley has the empty coalition in it; a coalition is worth the journeys that touched nothing
  outside it, not those that touched exactly it (which makes credit negative for no reason); all
  names take part, not the last few in the alphabet; and it is not leave-one-out, which does not
  add up. The game `sum` is blind to nulls: a name on every journey, won or lost, earns as much as
  one that makes the difference. Only `shapley_rate` and `markov` see what did not convert.
- Ties in time are broken by a column, values are decimals, and nothing depends on the order of
  rows, so the same input gives the same output.

No model here proves cause: each says who was there, and shares credit by a rule. Sourced (first
touch) and influenced (any touch) are different columns of `contributions`, never added up.
"""

from __future__ import annotations

from playbook.attribution.attribute import attribute
from playbook.attribution.drill import credit_rows
from playbook.attribution.journeys import Journeys, journeys
from playbook.attribution.models import (
    Custom,
    Markov,
    Milestones,
    Model,
    Position,
    Shapley,
    TimeDecay,
)
from playbook.attribution.overview import contributions, days, lengths, states
from playbook.attribution.paths import from_paths
from playbook.attribution.result import Attribution
from playbook.attribution.settings import Journey
from playbook.attribution.ways import by_position, paths, removal_effects, transitions

__all__ = [
    "Attribution",
    "Custom",
    "Journey",
    "Journeys",
    "Markov",
    "Milestones",
    "Model",
    "Position",
    "Shapley",
    "TimeDecay",
    "attribute",
    "by_position",
    "contributions",
    "credit_rows",
    "days",
    "from_paths",
    "journeys",
    "lengths",
    "paths",
    "removal_effects",
    "states",
    "transitions",
]
