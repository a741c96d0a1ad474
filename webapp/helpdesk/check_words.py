"""The two check words that both screens show, so that the right two people are connected.

German in every language: they must be the same on both screens, and are read out, not understood. Short, common, and
unlike each other by ear.
"""

import secrets

WORDS = (
    "Apfel", "Ampel", "Anker", "Auto", "Ball", "Baum", "Berg", "Besen", "Birne", "Blume", "Boot", "Brief", "Brille",
    "Brot", "Brunnen", "Dach", "Dose", "Drachen", "Eimer", "Ente", "Esel", "Feder", "Fenster", "Fisch", "Flöte",
    "Frosch", "Garten", "Gabel", "Gitarre", "Glocke", "Hammer", "Hase", "Haus", "Honig", "Hut", "Igel", "Insel",
    "Jacke", "Kaffee", "Kamel", "Karte", "Kerze", "Kirsche", "Koffer", "Krone", "Kuchen", "Lampe", "Leiter", "Löwe",
    "Mantel", "Maus", "Mond", "Nadel", "Nuss", "Ofen", "Orgel", "Palme", "Pferd", "Pinsel", "Regen", "Ring", "Rose",
    "Schiff", "Schnee", "Sonne", "Stern", "Stuhl", "Tasse", "Teppich", "Tiger", "Tisch", "Tor", "Traube", "Uhr",
    "Vogel", "Wagen", "Wolke", "Wolf", "Zaun", "Zebra", "Zelt", "Zitrone", "Zug",
)  # fmt: skip


def two_words() -> str:
    """Return two different words: “Apfel – Lampe”."""
    first, second = secrets.SystemRandom().sample(WORDS, 2)
    return f"{first} – {second}"
