/** The report's style sheet: an arcade at dusk on screens, ink on paper. No fonts or pictures from outside. */
export const STYLE = `
:root{--page:#0E1116;--panel:#171C24;--edge:#262E38;--text:#E8ECF1;--muted:#9AA6B2;--scratch:#E69F00;--transferred:#56B4E9}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1120px;padding:32px 24px 64px;background:var(--page);color:var(--text);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
h1{font-size:30px;line-height:1.2;margin:4px 0 8px}h2{font-size:22px;margin:40px 0 12px}h3{font-size:17px;margin:0 0 12px}
.card h2{margin-top:0}*+h3{margin-top:20px}
.brand{margin:0;font-weight:700;letter-spacing:.04em;color:var(--transferred)}.brand span{color:var(--muted);font-weight:400}
.description{color:var(--muted);max-width:75ch;margin:0 0 20px}
.verdict{background:var(--panel);border-left:5px solid var(--muted);border-radius:10px;padding:20px 24px;margin:20px 0}
.verdict.helped{border-color:var(--transferred)}.verdict.hurt{border-color:var(--scratch)}
.verdict .lead{font-size:21px;line-height:1.4;margin:10px 0 0;font-weight:600}.verdict p+p{margin:10px 0 0;color:var(--text)}
.badge{display:inline-block;padding:2px 12px;border-radius:99px;font-size:13px;font-weight:700;background:#333C48;color:var(--text)}
.badge.helped{background:var(--transferred);color:#08131b}.badge.hurt{background:var(--scratch);color:#1c1300}
.card{background:var(--panel);border:1px solid var(--edge);border-radius:10px;padding:20px 24px;margin:16px 0}
.chart svg{display:block;width:100%;min-width:620px;height:auto}
.game{color:var(--text)}.arrow{color:var(--muted)}
.tag{font-size:13px;font-weight:400;color:var(--muted);border:1px solid var(--edge);border-radius:99px;padding:2px 10px;vertical-align:middle;white-space:nowrap}
.legend{list-style:none;display:flex;align-items:baseline;flex-wrap:wrap;gap:4px 28px;margin:0 0 8px;padding:0}
.swatch{width:40px;height:14px;vertical-align:-2px;fill:none}
.note,.legend .note{color:var(--muted);font-size:14px}.note{margin:12px 0 0}.legend .note{margin:2px 0 0}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{padding:7px 10px;text-align:right;border-bottom:1px solid var(--edge);vertical-align:top}
.pooled th{text-align:right!important}thead th{color:var(--muted);font-weight:400;font-size:14px;white-space:nowrap;vertical-align:bottom}
th:first-child{text-align:left}tbody th{font-weight:400}tbody tr:last-child>*{border-bottom:0}
.metrics .sub{padding-left:28px;color:var(--muted)}.interval{color:var(--muted);white-space:nowrap}
.metrics td:last-child{text-align:left}.metrics .primary>*{background:#1E2530;font-weight:700}
span.word{font-size:13px;font-weight:700;white-space:nowrap}span.word.helped::before{content:"▲ "}span.word.hurt::before{content:"▼ "}
span.word.helped{color:var(--transferred)}span.word.hurt{color:var(--scratch)}span.word.unclear{color:var(--muted);font-weight:400}
.plan td,.plan th{text-align:left;font-size:14px}.plan .shape,.count{white-space:nowrap;color:var(--muted)}.reason{color:var(--muted)}
.count{font-size:13px}.values{white-space:nowrap}code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:13px}
.origin{display:inline-block;padding:1px 9px;border-radius:5px;font-size:13px;font-weight:600;color:#08131b;background:var(--transferred)}
.origin.mapped{background:repeating-linear-gradient(115deg,#56B4E9 0 7px,#8ccdf2 7px 12px)}
.origin.fresh{color:var(--text);background:repeating-linear-gradient(115deg,#2b3440 0 5px,#3a4552 5px 7px)}
.share{display:inline-block;width:72px;height:8px;margin-right:8px;border-radius:4px;background:#2b3440;overflow:hidden}.share i{display:block;height:100%;background:var(--transferred)}
.matches{margin:14px 0 0;font-size:14px;line-height:2}.match{border:1px solid var(--transferred);border-radius:5px;padding:1px 8px;margin-right:4px;white-space:nowrap}
.match small{color:var(--muted)}
.match.none{border:1px dashed var(--muted);color:var(--muted)}
.scroll{overflow-x:auto}.runs td,.runs th{font-size:14px}.returns{color:var(--muted);font-size:12px;text-align:left;min-width:320px}.runs th:last-child{text-align:left;white-space:normal}
summary{cursor:pointer;font-weight:600;font-size:17px}details[open]>summary{margin-bottom:12px}
nav{display:flex;flex-wrap:wrap;gap:6px 18px;margin:20px 0}a{color:var(--transferred)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:4px 20px;margin:0 0 16px}dt{color:var(--muted)}dd{margin:0;overflow-wrap:anywhere}.settings{font-size:13px;columns:2}
.commands{background:var(--page);border:1px solid var(--edge);border-radius:8px;padding:14px 18px;overflow-x:auto;margin:0 0 16px}
@media (max-width:640px){body{padding:20px 12px}.card,.verdict{padding:16px}.verdict .lead{font-size:18px}h1{font-size:25px}}
@media print{
html{color-scheme:light;background:#fff}.badge.helped,.badge.hurt,.origin.copied{color:#fff}.badge{background:#555;color:#fff}
:root{--page:#fff;--panel:#fff;--edge:#ccc;--text:#111;--muted:#555;--scratch:#9c6b00;--transferred:#1273ad}
body{max-width:none;padding:0;font-size:11pt}.card,.verdict{border:1px solid #ccc;break-inside:avoid}.verdict{border-left-width:5px}
.metrics .primary>*{background:#eee}.share,.origin.fresh{background:#ddd}.commands{white-space:pre-wrap}nav{display:none}
.chart text{fill:#333}svg [stroke="#262E38"]{stroke:#ccc}svg [stroke="#E8ECF1"]{stroke:#111}svg [fill="#E8ECF1"]{fill:#111}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}details::details-content{content-visibility:visible;block-size:auto}}
`;
