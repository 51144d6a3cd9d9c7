"""Lists of creators that nobody searches for: what is in them, and how many."""

from datetime import timedelta

MOST_FEATURED = 100
MOST_TRENDING = 200
MOST_VIEWED = 100
"""Creators whom an account is known to have looked at; older ones are forgotten."""

TRENDING_DAYS = 7
HALF_LIFE = timedelta(days=2)
LEAST_VISITORS = 20
"""Whoever has fewer visitors in those days does not trend: a handful of people is easily made up."""

# Logarithms of distinct people: who comes a thousand times, or sends a click farm, moves little.
WEIGHTS = {"visitors": 1.0, "clicks": 3.0, "subscribers": 8.0}
LOWEST_FACTOR, HIGHEST_FACTOR = 0.8, 1.2
"""By rating, of which those of few people are drawn to the average."""
AVERAGE_RATING, RATINGS_OF_AVERAGE = 4.0, 10
BEST_RATING = 5.0
