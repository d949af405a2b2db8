// Looks again while something is not concluded, and puts what is new in place of the old.
(function () {
  const main = document.querySelector("main");
  async function look() {
    try {
      const answer = await fetch(location.href, { cache: "no-store" });
      if (answer.ok) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = page.querySelector("main");
        const opened = {};
        main.querySelectorAll("details[id]").forEach((one) => (opened[one.id] = one.open));
        if (main.dataset.was !== fresh.innerHTML) {
          main.dataset.was = fresh.innerHTML;
          main.innerHTML = fresh.innerHTML;
          main.querySelectorAll("details[id]").forEach((one) => {
            if (one.id in opened && opened[one.id] !== one.open && touched.has(one.id)) one.open = opened[one.id];
          });
        }
        main.dataset.refresh = fresh.dataset.refresh;
      }
    } catch (gone) {
      main.dataset.refresh = "0"; // the demo has ended; the page stays as it is
      return;
    }
    setTimeout(look, main.dataset.refresh === "1" ? 1000 : 4000);
  }
  const touched = new Set();
  main.addEventListener("click", (event) => {
    const fold = event.target.closest("details[id]");
    if (fold) touched.add(fold.id);
  });
  main.dataset.was = main.innerHTML;
  setTimeout(look, 1000);
})();
