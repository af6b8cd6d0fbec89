/* Draws an outline on a map: with a pointer by Leaflet-Geoman, with the keyboard by corners in the map's middle. The library comes when somebody asks for it. */
(function () {
  "use strict";

  const STYLE = { color: "#0b5a6f", weight: 2, fillOpacity: 0.25 };

  function load(folder, name) {
    const style = name.endsWith(".css");
    const tag = document.createElement(style ? "link" : "script");
    return new Promise(function (resolve, reject) {
      tag.onload = resolve;
      tag.onerror = reject;
      if (style) { tag.rel = "stylesheet"; tag.href = folder + name; } else { tag.src = folder + name; }
      document.head.appendChild(tag);
    });
  }

  let loading = null;
  function library(folder) {
    const first = ["leaflet-1.9.4/leaflet.css", "geoman-2.20.2/leaflet-geoman.css", "leaflet-1.9.4/leaflet.js"];
    loading = loading || Promise.all(first.map(load.bind(null, folder)))
      .then(function () { return Promise.all(["geoman-2.20.2/leaflet-geoman.min.js", "ground.js"].map(load.bind(null, folder))); });
    return loading;
  }

  function button(text, act) {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "btn btn-sm btn-secondary";
    made.textContent = text;
    made.addEventListener("click", act);
    return made;
  }

  function drawing(box, area, settings) {
    const place = document.createElement("div");
    place.className = "cd-moving-map cd-opened cd-aimed";
    const how = document.createElement("p");
    how.className = "cd-help";
    how.textContent = settings.how;
    const said = document.createElement("p");
    said.setAttribute("role", "status");
    const bar = document.createElement("p");
    bar.className = "cd-draw-bar";
    box.append(how, place, bar, said);
    const map = window.communityMap(place, settings);
    let layer = null;
    let corners = [];

    function keep(geometry) {
      area.value = geometry ? JSON.stringify(geometry) : "";
      area.dispatchEvent(new Event("input", { bubbles: true }));
      area.dispatchEvent(new Event("change", { bubbles: true }));
    }

    function watch() {
      layer.on("pm:edit pm:dragend", function () { keep(layer.toGeoJSON().geometry); });
      if (layer.pm) { layer.pm.enable({ allowSelfIntersection: false }); }
    }

    function show(geometry) {
      if (layer) { layer.remove(); layer = null; }
      if (!geometry) { return; }
      L.geoJSON(geometry, { style: STYLE, pointToLayer: function (_feature, at) { return L.circleMarker(at, STYLE); } })
        .eachLayer(function (each) { layer = each; });
      layer.addTo(map);
    }

    function byCorners() {
      const points = corners.map(function (each) { return [Number(each.lng.toFixed(6)), Number(each.lat.toFixed(6))]; });
      said.textContent = settings.done.replace("{n}", points.length);
      const kinds = [null, { type: "Point", coordinates: points[0] }, { type: "LineString", coordinates: points }];
      const shape = points.length < 3 ? kinds[points.length] : { type: "Polygon", coordinates: [points.concat([points[0]])] };
      show(shape);
      keep(points.length === 2 ? null : shape);
    }

    bar.append(
      button(settings.corner, function () { map.pm.disableDraw(); corners.push(map.getCenter()); byCorners(); }), " ",
      button(settings.undo, function () { corners.pop(); byCorners(); }), " ",
      button(settings.clear, function () { corners = []; byCorners(); map.pm.enableDraw("Polygon"); place.focus(); })
    );
    map.pm.setLang(document.documentElement.lang.split("-")[0]);
    map.pm.setGlobalOptions({ pathOptions: STYLE, allowSelfIntersection: false, cursorMarker: false });
    /* The handles that Geoman puts on corners are for pointers; the buttons below do the same for everybody else. */
    new MutationObserver(function () {
      place.querySelectorAll(".leaflet-marker-icon[role]").forEach(function (handle) {
        handle.removeAttribute("role");
        handle.tabIndex = -1;
        handle.setAttribute("aria-hidden", "true");
      });
    }).observe(map.getPanes().markerPane, { childList: true });
    map.on("pm:create", function (event) {
      if (layer) { layer.remove(); }
      layer = event.layer;
      corners = layer.getLatLngs ? layer.getLatLngs().flat() : [];
      said.textContent = settings.done.replace("{n}", corners.length);
      keep(layer.toGeoJSON().geometry);
      watch();
    });

    try { show(JSON.parse(area.value)); } catch { /* nothing drawn yet, or no outline */ }
    if (layer) {
      map.fitBounds((layer.getBounds ? layer.getBounds() : layer.getLatLng().toBounds(2000)).pad(0.3), { animate: false });
      watch();
    } else {
      map.setView([15, 20], 2);
      map.pm.enableDraw("Polygon");
    }
    place.focus();
    return map;
  }

  function prepare(box) {
    if (box.dataset.ready) { return; }
    box.dataset.ready = "yes";
    const settings = box.dataset;
    let shown = null;
    const opener = button(settings.open, function () {
      if (shown) {
        shown.remove();
        shown = null;
        box.replaceChildren(opener);
        opener.textContent = settings.open;
        opener.setAttribute("aria-expanded", "false");
        return;
      }
      const area = box.closest(".cd-field").querySelector("textarea");
      opener.disabled = true;
      library(settings.folder).then(function () {
        shown = drawing(box, area, settings);
        opener.textContent = settings.close;
        opener.setAttribute("aria-expanded", "true");
      }).catch(function () {
        loading = null;
        box.append(settings.failed);
      }).finally(function () { opener.disabled = false; });
    });
    opener.setAttribute("aria-expanded", "false");
    box.replaceChildren(opener);
  }

  function all() { document.querySelectorAll("[data-communitydata-draw]").forEach(prepare); }
  all();
  /* Rows that are added later get their map, too. */
  document.addEventListener("click", function () { window.setTimeout(all, 0); });

  /* A chosen file is read at once. */
  document.addEventListener("change", function (event) {
    if (event.target.matches("input[type=file][name$='-geom-file']") && event.target.files.length) {
      event.target.closest("details").querySelector("button[name=area_row]").click();
    }
  });
}());
