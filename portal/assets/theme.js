// Classic and blocking, first in the head: the chosen theme must hold before anything is painted.
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  try {
    const chosen = localStorage.getItem("biore.theme");
    if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;
  } catch {
    // Storage is forbidden: the system's preference holds.
  }
})();
