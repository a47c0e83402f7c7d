// The range input covers the picture: it brings dragging, arrow keys and what screen readers say.
export default function ({ data, parentElement }) {
  const figure = parentElement.querySelector("figure");
  const range = figure.querySelector("input");
  const set = (image, src, alt) => {
    if (image.getAttribute("src") !== src) image.src = src;
    image.alt = alt;
  };
  const show = (at) => {
    figure.style.setProperty("--at", `${at}%`);
    figure.querySelector(".left").style.opacity = at > 18 ? 1 : 0;
    figure.querySelector(".right").style.opacity = at < 82 ? 1 : 0;
    range.setAttribute("aria-valuetext", `${Math.round(at)} percent photo`);
  };
  figure.style.setProperty("--ratio", data.ratio);
  set(figure.querySelector(".after"), data.after, data.alt);
  set(figure.querySelector(".before"), data.before, "The photo it was made from");

  let sweep = 0;
  range.oninput = () => {
    cancelAnimationFrame(sweep);
    show(Number(range.value));
  };
  // Once for each painting: the photo gives way, which also shows that the divider moves.
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (figure.dataset.swept !== data.after) {
    figure.dataset.swept = data.after;
    const begin = performance.now(), from = still ? 35 : 100, to = 35;
    const step = (now) => {
      const part = still ? 1 : Math.min(1, Math.max(0, (now - begin - 350) / 1300));
      const at = from + (to - from) * (1 - (1 - part) ** 3);
      range.value = String(at);
      show(at);
      if (part < 1) sweep = requestAnimationFrame(step);
    };
    step(begin);
  }
  return () => cancelAnimationFrame(sweep);
}
