// One photo and painting after the other. Who prefers less motion sees the first one stand still, and may start the rest.
export default function ({ data, parentElement }) {
  const section = parentElement.querySelector("section");
  const frame = section.querySelector(".frame");
  const button = section.querySelector(".pause");
  const state = (section.state ??= { at: 0, paused: matchMedia("(prefers-reduced-motion: reduce)").matches, held: false });
  const slides = data.slides;
  section.style.setProperty("--seconds", `${data.seconds}s`);

  const show = (index) => {
    state.at = index % slides.length;
    const slide = slides[state.at];
    frame.href = slide.href;
    for (const [kind, alt] of [["after", slide.title], ["before", "The photo it was made from"], ["glow", ""]]) {
      const image = section.querySelector(`.${kind}`);
      const src = slide[kind] ?? slide.after;
      if (image.getAttribute("src") !== src) image.src = src;
      image.alt = alt;
    }
    const after = section.querySelector(".after");
    const fit = () => {
      frame.style.setProperty("--ratio", after.naturalWidth / after.naturalHeight || 1.5);
      frame.style.setProperty("--most", `${data.crisp * after.naturalHeight || 9999}px`);
    };
    after.onload = fit;
    fit();
    section.querySelector(".title").textContent = slide.title;
    section.querySelector(".dots").replaceChildren(
      ...slides.map((_, place) => Object.assign(document.createElement("i"), { className: place === state.at ? "on" : "" }))
    );
    frame.classList.remove("turning");
    void frame.offsetWidth; // begins the animation anew
    if (!state.paused) frame.classList.add("turning");
    new Image().src = slides[(state.at + 1) % slides.length].after;
    new Image().src = slides[(state.at + 1) % slides.length].before;
  };
  const tell = () => {
    button.textContent = state.paused ? "▶" : "❚❚";
    button.setAttribute("aria-label", state.paused ? "Show one after the other" : "Pause");
    section.classList.toggle("paused", state.paused);
  };
  button.onclick = () => {
    state.paused = !state.paused;
    tell();
    if (!state.paused) show(state.at + 1);
  };
  section.onpointerenter = section.onfocusin = () => (state.held = true);
  section.onpointerleave = section.onfocusout = () => (state.held = false);
  tell();
  const key = JSON.stringify(slides[state.at % slides.length]);
  if (state.shown !== key) show(state.at);
  state.shown = key;
  const timer = setInterval(() => {
    if (!state.paused && !state.held && !document.hidden) {
      show(state.at + 1);
      state.shown = JSON.stringify(slides[state.at]);
    }
  }, data.seconds * 1000);
  return () => clearInterval(timer);
}
