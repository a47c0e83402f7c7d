// An invisible range input covers the picture. It provides dragging, arrow keys and a value for screen readers.
const REST = 35, NARROW_REST = 50; // percent of the width that shows the photo once the opening animation is over
const NARROW = 200; // pixels, as in the style sheet
const GAP = 3; // pixels between a tag and the divider
const DELAY = 350, DURATION = 1300; // milliseconds of the opening animation

export default function ({ data, parentElement }) {
  const figure = parentElement.querySelector("figure");
  const range = figure.querySelector("input");
  const setImage = (image, src, alt) => {
    if (image.getAttribute("src") !== src) image.src = src;
    image.alt = alt;
  };
  const [left, right] = [".left", ".right"].map((name) => figure.querySelector(name));
  const moveDivider = (percent) => {
    figure.style.setProperty("--divider", `${percent}%`);
    const place = (figure.clientWidth * percent) / 100; // a tag is shown where there is room for it beside the divider
    left.style.opacity = left.offsetLeft + left.offsetWidth + GAP < place ? 1 : 0;
    right.style.opacity = right.offsetLeft - GAP > place ? 1 : 0;
    range.setAttribute("aria-valuetext", `${Math.round(percent)} percent photo`);
  };
  figure.style.setProperty("--ratio", data.ratio);
  figure.hidden = false; // before, its style sheet may be missing
  setImage(figure.querySelector(".after"), data.after, data.alt);
  setImage(figure.querySelector(".before"), data.before, "The photo it was made from");

  let animation = 0;
  range.oninput = () => {
    cancelAnimationFrame(animation);
    moveDivider(Number(range.value));
  };
  // Once for each painting, the divider sweeps from the photo to its resting place: this shows that it can be moved.
  if (figure.dataset.animated !== data.after) {
    figure.dataset.animated = data.after;
    const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const start = performance.now();
    const rest = figure.clientWidth > NARROW ? REST : NARROW_REST;
    const draw = (now) => {
      const progress = reducedMotion ? 1 : Math.min(1, Math.max(0, (now - start - DELAY) / DURATION));
      const percent = rest + (100 - rest) * (1 - progress) ** 3;
      range.value = String(percent);
      moveDivider(percent);
      if (progress < 1) animation = requestAnimationFrame(draw);
    };
    draw(start);
  }
  return () => cancelAnimationFrame(animation);
}
