// Says in the studio's own words why the browser refused a file, and brings what is said of a refused photo into view: a photo can be pasted
// or dropped anywhere on the page. Streamlit's words only name the file's type or the limit, after "Error:".
export default function ({ data }) {
  const reword = () => {
    for (const alert of document.querySelectorAll("[data-testid=stFileChips] [role=alert]")) {
      const words = /smaller/.test(alert.textContent) ? data.size : data.format;
      if (!alert.dataset.words) [alert.dataset.words, alert.textContent] = [words, words];
    }
  };
  const show = () => {
    for (const alert of document.querySelectorAll(".st-key-photo_panel [role=alert]")) {
      const isNew = alert.shownWords !== alert.textContent;
      alert.shownWords = alert.textContent;
      if (isNew) alert.scrollIntoView({ block: "nearest" });
    }
  };
  const update = () => {
    reword();
    show();
  };
  const observer = new MutationObserver(update);
  observer.observe(document.body, { subtree: true, childList: true, characterData: true });
  update();
  return () => observer.disconnect();
}
