/** Lets arrow keys move among the buttons of a place that lie on a plane: to the nearest one in that direction. One of them has the tab's stop. */
export function moveOnArrows(place: HTMLElement): void {
  place.addEventListener("keydown", (event) => {
    const direction = directions[event.key];
    const from = (event.target as Element).closest<HTMLElement>("button");
    if (direction === undefined || from === null) return;
    event.preventDefault();
    const others = [...place.querySelectorAll("button")].filter((one) => one !== from);
    const nearest = nearestOf(from, others, direction);
    if (nearest === undefined) return;
    from.tabIndex = -1;
    nearest.tabIndex = 0;
    nearest.focus();
  });
}

const directions: Readonly<Record<string, readonly [x: number, y: number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

function nearestOf(
  from: HTMLElement,
  others: readonly HTMLElement[],
  [x, y]: readonly [number, number],
): HTMLElement | undefined {
  const middle = (one: HTMLElement): readonly [number, number] => {
    const { left, right, top, bottom } = one.getBoundingClientRect();
    return [(left + right) / 2, (top + bottom) / 2];
  };
  const [fromX, fromY] = middle(from);
  let [nearest, least] = [undefined as HTMLElement | undefined, Infinity];
  for (const one of others) {
    const [toX, toY] = middle(one);
    const along = (toX - fromX) * x + (toY - fromY) * y;
    const aside = Math.abs((toX - fromX) * y) + Math.abs((toY - fromY) * x);
    // What lies straight ahead comes before what is nearer, but to the side.
    const far = along + 4 * aside;
    if (along > 1 && far < least) [nearest, least] = [one, far];
  }
  return nearest;
}
