"use strict";

// Starts whichever reader of the OpenAPI document this page has. Nothing is asked of any other server.
(() => {
  const swagger = document.getElementById("swagger-ui");
  const redoc = document.getElementById("redoc");
  const token = document.querySelector('meta[name="csrf-token"]');

  if (swagger) {
    SwaggerUIBundle({
      url: swagger.dataset.spec,
      domNode: swagger,
      deepLinking: true,
      docExpansion: "none",
      filter: true,
      tagsSorter: "alpha",
      validatorUrl: null,
      // A signed-in browser is known by its cookie, and then what changes something needs the token too.
      requestInterceptor: (request) => {
        if (token && !request.loadSpec) request.headers["X-CSRFToken"] = token.content;
        return request;
      },
    });
  }
  if (redoc) {
    Redoc.init(redoc.dataset.spec, { hideDownloadButton: false, nativeScrollbars: true, requiredPropsFirst: true }, redoc);
  }
})();
