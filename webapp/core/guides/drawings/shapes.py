"""Signs that buttons and lines bear, as strokes in a square of 20 units."""

SHAPES = {
    "menu": "M3 5h14M3 10h14M3 15h14",
    "gear": "M10 6.8a3.2 3.2 0 1 0 .01 0M10 2v2.5M10 15.5V18M2 10h2.5M15.5 10H18"
    "M4.3 4.3l1.8 1.8M13.9 13.9l1.8 1.8M15.7 4.3l-1.8 1.8M6.1 13.9l-1.8 1.8",
    "plus": "M10 3v14M3 10h14",
    "cross": "M4 4l12 12M16 4L4 16",
    "next": "M8 5l5 5-5 5",
    "down": "M5 8l5 5 5-5",
    "back": "M12 4l-6 6 6 6",
    "person": "M10 9.5a3.2 3.2 0 1 0-.01 0M4 17c0-7 12-7 12 0",
    "folder": "M2.5 15.5v-11h5l2 2.5h8v8.5z",
    "file": "M5 2.5h7l3 3v12H5zM12 2.5v3h3",
    "mail": "M2.5 5h15v10.5h-15zM2.5 5.5l7.5 5.5 7.5-5.5",
    "search": "M8.5 14a5.5 5.5 0 1 0-.01 0M12.7 12.7L17 17",
    "cloud": "M5.5 14.5a3.5 3.5 0 0 1 0-7 4.5 4.5 0 0 1 8.5-.5 3.8 3.8 0 0 1 1 7.5M10 10v7M7.5 14.5L10 17l2.5-2.5",
    "lined": "M3 3.5h14v8H3zM3 15h14M3 18h8",
    "tick": "M4 10.5l4 4 8-9",
}
