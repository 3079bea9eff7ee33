"""What the indices of the tables mean. Organisations and brands are two lists: an index never means two things."""

from __future__ import annotations

#: Organisations present in the countries.
MOVEMENT, RIVAL, MASS = range(3)
ORGANISATIONS = ("movement", "rival", "mass")
#: Brands under which men fight in the theatre: the movement, the older network, the host country's rebels.
MOVEMENT_BRAND, RIVAL_BRAND, REBEL_BRAND = range(3)
BRANDS = ("movement", "rival", "rebels")
#: Where members of an organisation are.
CELL, REFUGE, GROUND, PRISON, HIDDEN = range(5)
CONDITIONS = ("cell", "refuge", "ground", "prison", "hidden")
EMPTY, ACTIVE, LYING_LOW, ARRESTED = range(4)
RECRUITER_STATUS = ("none", "active", "lying low", "arrested")
#: How control of a locality was lost in a month.
NOT_LOST, LOST_TO_RIVALS, LOST_TO_REVOLT, LOST_TO_OFFENSIVE, LOST_TO_WEAKNESS = range(5)
CAUSES = ("", "rival local groups", "revolt", "offensive", "too few to hold")
#: Stocks of people and ledgers, in the order of the book of people.
(UNINVOLVED, SYMPATHISERS, MILITANTS, TRANSIT, THEATRE, OUTSIDE, OUTSIDE_BAND, MIGRATED, DEAD, DEMOBILISED,
 REINTEGRATED, ELSEWHERE) = range(12)
STOCKS = ("uninvolved", "sympathisers", "militants", "transit", "theatre", "outside", "outside_band", "migrated",
          "dead", "demobilised", "reintegrated", "elsewhere")
#: Grades of control, and how long it must last to count as a foothold.
CONTESTED, DOMINANT, EXCLUSIVE = 0.25, 0.5, 0.8
FOOTHOLD_MONTHS = 3
