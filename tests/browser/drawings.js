() => {
  const problems = [];
  const box = element => {
    const found = element.getBBox();
    const moved = element.transform?.baseVal.consolidate()?.matrix;
    return { left: found.x + (moved?.e ?? 0), top: found.y + (moved?.f ?? 0), width: found.width, height: found.height };
  };
  const around = (outer, x, y) =>
    x >= outer.left && x <= outer.left + outer.width && y >= outer.top && y <= outer.top + outer.height;
  for (const svg of document.querySelectorAll("svg.drawing")) {
    const places = [...svg.querySelectorAll("rect, .drawn-window")].filter(e => !e.matches(".drawn-ring")).map(box);
    const texts = [...svg.querySelectorAll("text")].slice(0, -1).map(text => ({ said: text.textContent, ...box(text) }));
    texts.forEach((text, index) => {
      const middle = [text.left + text.width / 2, text.top + text.height / 2];
      const inside = places.filter(place => around(place, ...middle)).sort((a, b) => a.width * a.height - b.width * b.height)[0];
      if (!inside || text.left < inside.left + 2 || text.left + text.width > inside.left + inside.width - 2)
        problems.push([svg.dataset.id, "leaves its place", text.said]);
      for (const other of texts.slice(index + 1))
        if (
          text.left < other.left + other.width && other.left < text.left + text.width &&
          text.top + 4 < other.top + other.height - 4 && other.top + 4 < text.top + text.height - 4
        )
          problems.push([svg.dataset.id, "covers", text.said, other.said]);
    });
  }
  return problems;
}
