// What the tests ask of a page. Every function returns plain data; boxes are in CSS pixels.
const probes = (() => {
  const FIGURES = 'svg[role="img"], img, figure svg';
  const round = (value) => Math.round(value * 10) / 10;
  const box = (rect) => [rect.left, rect.top, rect.right, rect.bottom].map(round);
  const words = (element) => element.textContent.trim().replace(/\s+/g, ' ').slice(0, 60);
  const seen = (element) =>
    element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) &&
    element.getClientRects().length > 0;
  const name = (element) =>
    (element.getAttribute('alt') ?? element.getAttribute('aria-label') ?? '').trim();
  const place = (element) => {
    const kind = element.getAttribute('class');
    return element.localName + (kind ? `.${kind.trim().split(/\s+/).join('.')}` : '');
  };
  const figures = () => [...document.querySelectorAll(FIGURES)].filter(seen);
  const texts = (figure) =>
    [...figure.querySelectorAll('text')].filter((text) => seen(text) && words(text));
  const scroller = (element) => {
    for (let above = element.parentElement; above; above = above.parentElement) {
      if (/auto|scroll/.test(getComputedStyle(above).overflowX)) return above;
    }
    return null;
  };

  const beyond = (element) => element.getBoundingClientRect().right > window.innerWidth + 1;

  // Any CSS colour as red, green, blue (0 to 255) and alpha (0 to 1).
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const known = new Map();
  const colour = (css) => {
    if (!known.has(css)) {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = css;
      canvas.fillRect(0, 0, 1, 1);
      const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
      known.set(css, [red, green, blue, alpha / 255]);
    }
    return known.get(css);
  };
  const over = (upper, alpha, lower) =>
    [0, 1, 2].map((i) => upper[i] * alpha + lower[i] * (1 - alpha));
  const light = (rgb) => {
    const linear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    const [red, green, blue] = rgb.map((v) => linear(v / 255));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const contrast = (one, other) => {
    const [high, low] = [light(one), light(other)].sort((a, b) => b - a);
    return (high + 0.05) / (low + 0.05);
  };
  const opacity = (element) => {
    let product = 1;
    for (let at = element; at; at = at.parentElement) product *= getComputedStyle(at).opacity;
    return product;
  };
  const ground = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) {
      layers.push(colour(getComputedStyle(at).backgroundColor));
    }
    return layers.reverse().reduce((below, layer) => over(layer, layer[3], below), [255, 255, 255]);
  };
  // What is drawn under the middle of a text of a figure; the whole page must be in view.
  const drawn = (text, figure) => {
    const rect = text.getBoundingClientRect();
    const [x, y] = [(rect.left + rect.right) / 2, (rect.top + rect.bottom) / 2];
    const order = [...figure.querySelectorAll('*')];
    const shapes = document
      .elementsFromPoint(x, y)
      .filter((e) => figure.contains(e) && (e instanceof SVGGeometryElement || e.localName === 'use'))
      .filter((e) => order.indexOf(e) < order.indexOf(text))
      .reverse();
    return shapes.reduce((below, shape) => {
      const style = getComputedStyle(shape);
      if (style.fill === 'none' || style.fill.startsWith('url')) return below;
      const fill = colour(style.fill);
      return over(fill, fill[3] * style.fillOpacity * opacity(shape), below);
    }, ground(figure));
  };

  return {
    figures: () => figures().map((figure) => ({ name: name(figure), box: box(figure.getBoundingClientRect()) })),

    sideways: () => ({ page: document.documentElement.scrollWidth, window: window.innerWidth }),

    // What sticks out of the window to the right and can not be scrolled to.
    outside: () =>
      [...document.body.querySelectorAll('*')]
        .filter((e) => seen(e) && !scroller(e) && beyond(e) && !beyond(e.parentElement))
        .map((e) => [place(e), words(e), box(e.getBoundingClientRect())]),

    tables: () =>
      [...document.querySelectorAll('table')].filter(seen).map((table) => {
        const inside = scroller(table);
        return {
          words: words(table),
          scrolls: inside !== null && inside.scrollWidth > inside.clientWidth,
          wide: table.getBoundingClientRect().width > document.querySelector('main').clientWidth + 1,
        };
      }),

    // Figures shrink; they never have to be scrolled.
    cutFigures: () =>
      figures().flatMap((figure) => {
        const rect = figure.getBoundingClientRect();
        const limit = figure.closest('figure, .output, td, main').getBoundingClientRect();
        const cut = rect.right > limit.right + 1 || rect.left < limit.left - 1;
        return cut ? [[name(figure), box(rect), box(limit)]] : [];
      }),

    overlaps: (slack) =>
      figures().flatMap((figure) => {
        const all = texts(figure).map((text) => [words(text), text.getBoundingClientRect()]);
        return all.flatMap(([one, a], i) =>
          all.slice(i + 1).flatMap(([other, b]) => {
            const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
            const tall = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
            return wide > slack && tall > slack
              ? [[name(figure), one, box(a), other, box(b), [round(wide), round(tall)]]]
              : [];
          }),
        );
      }),

    cutTexts: (slack) =>
      figures().flatMap((figure) => {
        const edge = figure.getBoundingClientRect();
        return texts(figure).flatMap((text) => {
          const rect = text.getBoundingClientRect();
          const inside =
            rect.left >= edge.left - slack && rect.right <= edge.right + slack &&
            rect.top >= edge.top - slack && rect.bottom <= edge.bottom + slack;
          return inside ? [] : [[name(figure), words(text), box(rect), box(edge)]];
        });
      }),

    smallTexts: (least) =>
      figures().flatMap((figure) =>
        texts(figure).flatMap((text) => {
          const size = parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a;
          const turned = Math.abs(text.getScreenCTM().b) > 0.01;
          return turned || size >= least ? [] : [[name(figure), words(text), round(size)]];
        }),
      ),

    faint: (least) => {
      const found = [];
      const judge = (element, ink, alpha, below) => {
        const ratio = contrast(over(ink, alpha, below), below);
        if (ratio < least) found.push([place(element), words(element), Math.round(ratio * 100) / 100]);
      };
      for (const element of document.body.querySelectorAll('*')) {
        const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
        if (!own || !seen(element)) continue;
        const figure = element.closest('svg');
        if (figure) {
          if (element.closest('text') === null) continue; // title and desc are not drawn
          const ink = colour(getComputedStyle(element).fill);
          judge(element, ink, ink[3] * opacity(element), drawn(element.closest('text'), figure));
        } else {
          const ink = colour(getComputedStyle(element).color);
          judge(element, ink, ink[3] * opacity(element), ground(element));
        }
      }
      return found;
    },

    pieces: () => {
      const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      const found = [];
      while (walk.nextNode()) found.push(walk.currentNode.data.trim());
      return found.filter(Boolean);
    },
    links: () => [...document.querySelectorAll('a[href]')].map((a) => a.href),
    targets: () => [...document.querySelectorAll('[id]')].map((e) => e.id),
    twice: () => {
      const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);
      return ids.filter((id, i) => ids.indexOf(id) !== i);
    },
    folded: () =>
      [...document.querySelectorAll('details')].filter((fold) =>
        [...fold.children].some((e) => e.localName !== 'summary' && !seen(e)),
      ).map(words),
  };
})();
