// A preview is decoded before it is shown, and the last ones stay until it covers them: nothing flickers, nothing jumps.
export default function ({ data, parentElement }) {
  const figure = parentElement.querySelector("figure");
  figure.style.setProperty("--ratio", data.ratio);
  const src = data.after ?? data.before;
  if (figure.dataset.wanted === src) return;
  figure.dataset.wanted = src;
  const image = new Image();
  image.src = src;
  image.alt = data.alt;
  image.decode().then(
    () => {
      if (figure.dataset.wanted !== src) return;
      const beneath = [...figure.children];
      for (const old of beneath) old.alt = "";
      const uncover = () => beneath.forEach((old) => old.remove());
      figure.append(image);
      if (!beneath.length || matchMedia("(prefers-reduced-motion: reduce)").matches) return uncover();
      image.className = "new";
      image.onanimationend = uncover;
    },
    () => {} // a preview that is gone already: the next one comes soon
  );
}
