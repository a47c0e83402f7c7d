const SWIPE = 40; // pixels
// Shows one photo and its painting after the other. With "reduce motion" set, it starts paused on the first one.
export default function ({ data, parentElement }) {
  const section = parentElement.querySelector("section");
  const frame = section.querySelector(".frame");
  const button = section.querySelector(".pause");
  // Kept on the element, because this function runs again whenever the page is redrawn.
  const state = (section.state ??= { index: 0, paused: matchMedia("(prefers-reduced-motion: reduce)").matches, hovered: false });
  const slides = data.slides;
  section.style.setProperty("--seconds", `${data.seconds}s`);

  const preload = (slide) => {
    new Image().src = slide.after;
    new Image().src = slide.before;
  };
  const setImages = (slide) => {
    for (const [kind, alt] of [["after", slide.title], ["before", "The photo it was made from"], ["backdrop", ""]]) {
      const image = section.querySelector(`.${kind}`);
      const src = slide[kind] ?? slide.after;
      if (image.getAttribute("src") !== src) image.src = src;
      image.alt = alt;
    }
  };
  const restartAnimation = () => {
    frame.classList.remove("playing");
    void frame.offsetWidth; // forces a layout, without which the class would not restart the animation
    if (!state.paused) frame.classList.add("playing");
  };
  const show = (index) => {
    state.index = (index + slides.length) % slides.length;
    const slide = slides[state.index];
    state.shown = JSON.stringify(slide);
    frame.href = slide.href;
    section.classList.toggle("whole", slide.whole);
    setImages(slide);
    section.querySelector(".title").textContent = slide.title;
    restartAnimation();
    preload(slides[(state.index + 1) % slides.length]);
  };
  const updateButton = () => {
    button.textContent = state.paused ? "▶" : "❚❚";
    button.setAttribute("aria-label", state.paused ? "Play" : "Pause");
    section.classList.toggle("paused", state.paused);
  };
  button.onclick = () => {
    state.paused = !state.paused;
    updateButton();
    if (!state.paused) show(state.index + 1);
  };
  for (const step of section.querySelectorAll(".step")) step.onclick = () => show(state.index + Number(step.value));
  const hold = (held) => {
    state.hovered = held;
    section.querySelector(".title").setAttribute("aria-live", held || state.paused ? "polite" : "off");
  };
  section.onpointerenter = section.onfocusin = () => hold(true);
  section.onpointerleave = section.onfocusout = () => hold(false);
  hold(state.hovered);
  frame.ontouchstart = ({ touches: [{ clientX, clientY }] }) => (state.touch = [clientX, clientY]);
  frame.ontouchend = ({ changedTouches: [{ clientX, clientY }] }) => {
    const [dx, dy] = [clientX - state.touch[0], clientY - state.touch[1]];
    if (Math.abs(dx) > SWIPE && Math.abs(dx) > 2 * Math.abs(dy)) show(state.index - Math.sign(dx));
  };
  updateButton();
  if (state.shown !== JSON.stringify(slides[state.index % slides.length])) show(state.index);
  const timer = setInterval(() => {
    if (!state.paused && !state.hovered && !document.hidden) show(state.index + 1);
  }, data.seconds * 1000);
  return () => clearInterval(timer);
}
