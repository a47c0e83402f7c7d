// While the strength is being lowered, the sketch fades into the photo at once. The sketch of the new strength comes when it is let go.
export default function () {
  let shown = { number: null, strength: 0 }; // the latest sketch that has arrived, and its strength
  const follow = () => {
    const figure = document.querySelector(".st-key-sketch figure.sketch");
    const thumb = document.querySelector(".st-key-strength [role=slider]");
    const photo = document.querySelector(".chosen-photo img");
    if (!figure || !thumb || !photo) return;
    const strength = Number(thumb.getAttribute("aria-valuenow"));
    const { number } = figure.dataset;
    if (number !== shown.number && !figure.classList.contains("busy")) shown = { number, strength };
    const image = figure.querySelector("img");
    const opacity = strength < shown.strength ? String(strength / shown.strength) : "";
    if (image.style.opacity === opacity) return;
    if (opacity) figure.style.background = `center / cover url("${photo.src}")`;
    image.style.opacity = opacity;
  };
  const observer = new MutationObserver(follow); // of the whole page: Streamlit may replace what is on it
  observer.observe(document.body, { subtree: true, childList: true, attributeFilter: ["aria-valuenow", "class", "data-number"] });
  follow();
  return () => observer.disconnect();
}
