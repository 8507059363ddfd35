use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos_meta::MetaTags;

use crate::App;
use crate::components::SPRITE;

/// The paths of the files that every page loads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    /// The stylesheet.
    pub style: String,
    /// The JavaScript around the program.
    pub script: String,
    /// The program, as WASM.
    pub program: String,
}

/// Starts the program.
///
/// After a panic, which the console has logged by then, the program receives no more events. Links
/// and forms then work as they do without JavaScript.
const START: &str = "\
let broken = false;
const give_up = () => {
  if (broken) return;
  broken = true;
  delete document.documentElement.dataset.hydrated;
  for (const type of ['click', 'submit', 'input', 'change', 'keydown', 'popstate'])
    addEventListener(type, event => event.stopImmediatePropagation(), true);
};
const on_error = (event, error) => {
  if (!(error instanceof WebAssembly.RuntimeError)) return;
  event.preventDefault();
  give_up();
};
addEventListener('error', event => on_error(event, event.error));
addEventListener('unhandledrejection', event => on_error(event, event.reason));
const m = await import('{script}');
await m.default({module_or_path: '{program}'});
try { m.hydrate(); } catch { give_up(); }";

/// The document around the application. Only the server renders it.
///
/// Both halves of the program are preloaded. Otherwise the browser would request the WASM only
/// after the JavaScript has arrived. The attributes match those of the later requests, because a
/// preload in another mode is fetched twice.
pub fn shell(options: LeptosOptions, files: Files) -> impl IntoView {
    let Files { style, script, program } = files;
    let nonce = use_nonce();
    let start = START.replace("{script}", &script).replace("{program}", &program);
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <link rel="stylesheet" href=style/>
                <link rel="modulepreload" href=script nonce=nonce.clone()/>
                <link
                    rel="preload"
                    r#as="fetch"
                    type="application/wasm"
                    href=program
                    crossorigin=""
                />
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                <link rel="manifest" href="/site.webmanifest"/>
                <AutoReload options=options/>
                <script type="module" nonce=nonce>
                    {start}
                </script>
                <MetaTags/>
            </head>
            <body>
                <App/>
                <svg class="sprite" aria-hidden="true" inner_html=SPRITE></svg>
            </body>
        </html>
    }
}
