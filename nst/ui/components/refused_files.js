// Says in the studio's own words why the browser refused a file. Streamlit's name only the file's type or the limit, after "Error:".
export default function ({ data }) {
  const reword = () => {
    for (const alert of document.querySelectorAll("[data-testid=stFileChips] [role=alert]")) {
      const words = /smaller/.test(alert.textContent) ? data.size : data.format;
      if (!alert.dataset.words) [alert.dataset.words, alert.textContent] = [words, words];
    }
  };
  const observer = new MutationObserver(reword);
  observer.observe(document.body, { subtree: true, childList: true });
  reword();
  return () => observer.disconnect();
}
