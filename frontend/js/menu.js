// Menus are popovers: they open without a script. Here they stand beside what opened them, arrows walk
// them, and a field narrows them down.
const GAP = 4;

const items = (menu) => [...menu.querySelectorAll(".menu-item")].filter((item) => !item.hidden);

function place(menu, opener) {
  const at = opener.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const below = at.bottom + GAP + height <= innerHeight;
  const top = below ? at.bottom + GAP : Math.max(GAP, at.top - GAP - height);
  const left = Math.max(GAP, Math.min(at.left, innerWidth - width - GAP));
  Object.assign(menu.style, { inset: "auto", margin: "0", top: `${top}px`, left: `${left}px` });
}

function narrow(menu, words) {
  const plain = (text) => text.toLowerCase().replaceAll("ё", "е");
  for (const item of menu.querySelectorAll(".menu-item:not([data-always])")) {
    const said = `${item.textContent} ${item.dataset.words ?? ""}`;
    item.hidden = !plain(said).includes(plain(words));
  }
}

const openers = (menu) => [...document.querySelectorAll(`[popovertarget="${menu.id}"]`)];

function opened(menu) {
  const opener = openers(menu).find((button) => button.checkVisibility());
  if (opener) {
    place(menu, opener);
    opener.setAttribute("aria-expanded", "true");
  }
  const filter = menu.querySelector("[data-filter]");
  if (filter) {
    filter.value = "";
    narrow(menu, "");
  }
  (filter ?? menu.querySelector("[aria-current]") ?? items(menu)[0])?.focus();
}

document.addEventListener(
  "toggle",
  (event) => {
    if (!event.target.matches?.("[data-menu]")) return;
    if (event.newState === "open") return opened(event.target);
    for (const opener of openers(event.target)) opener.removeAttribute("aria-expanded");
  },
  true,
);

document.addEventListener("input", (event) => {
  if (event.target.matches("[data-filter]")) narrow(event.target.closest("[data-menu]"), event.target.value);
});

document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.("[data-menu]") ?? document.querySelector("[data-menu]:popover-open");
  if (!menu) return;
  const all = items(menu);
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) {
    event.preventDefault();
    const next = all.indexOf(document.activeElement) + step;
    all[(next + all.length) % all.length]?.focus();
  } else if (event.key === "Enter" && event.target.matches("[data-filter]")) {
    event.preventDefault();
    all[0]?.click();
  }
});

// Close only after the form was sent: closing moves the focus, and htmx would forget which button it was.
document.addEventListener("click", (event) => {
  const menu = event.target.closest(".menu-item")?.closest("[popover]");
  if (menu) setTimeout(() => menu.hidePopover());
});
