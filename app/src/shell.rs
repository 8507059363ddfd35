use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos_meta::MetaTags;

use crate::App;
use crate::components::SPRITE;

/// The document around the application. The server renders it, the browser never does.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    let files = format!("/{}/{}", options.site_pkg_dir, options.output_name);
    let nonce = use_nonce();
    let script = format!(
        "import('{files}.js').then(m => m.default({{module_or_path: '{files}.wasm'}}).then(() => m.hydrate()));"
    );
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <link rel="stylesheet" href=format!("{files}.css")/>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                <link rel="manifest" href="/site.webmanifest"/>
                <AutoReload options=options/>
                <script type="module" nonce=nonce>
                    {script}
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
