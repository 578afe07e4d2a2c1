/** The one stylesheet; the policy of the pages allows it by its hash and no other. */
export const STYLE = `
:root{--ink:#14181d;--soft:#55606c;--paper:#f4f5f7;--card:#fff;--line:#d5dae0;--yes:#116329;--yes-ink:#fff;--no:#a40e26;
--note:#0b5cad;--note-paper:#e8f2fc;--bad-paper:#fdecee;--good-paper:#e6f6ea;--code:#f0f2f5}
@media (prefers-color-scheme:dark){:root{--ink:#e8ebef;--soft:#a3adb8;--paper:#0f1317;--card:#181d23;--line:#343c46;--yes:#3fb950;
--yes-ink:#04140a;--no:#ff7b86;--note:#79b8ff;--note-paper:#12263b;--bad-paper:#3a1319;--good-paper:#10301a;--code:#0f1317}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
.bar{display:flex;flex-wrap:wrap;gap:.25rem 1rem;align-items:center;justify-content:space-between;padding:.6rem 1rem;
background:var(--card);border-bottom:1px solid var(--line)}
.brand{font-weight:700}
.who{display:flex;flex-wrap:wrap;gap:.25rem .75rem;align-items:center;color:var(--soft);font-size:.9rem}
main{max-width:46rem;margin:0 auto;padding:1rem 1rem 3rem}
h1{font-size:1.45rem;line-height:1.25;margin:.75rem 0 .25rem;overflow-wrap:anywhere}
h2{font-size:1.05rem;margin:0 0 .5rem}
h3{font-size:.95rem;color:var(--soft);font-weight:600;margin:1rem 0 .4rem}
h1 code{font-size:.85em}
p{margin:.35rem 0}
.lead{color:var(--soft)}
.card{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:1rem;margin:1rem 0}
dl{display:grid;grid-template-columns:minmax(7rem,auto) 1fr;gap:.4rem 1rem;margin:0}
dt{color:var(--soft)}
dd{margin:0;overflow-wrap:anywhere}
@media (max-width:32rem){dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.6rem}}
code,pre{font:.9rem/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
code{overflow-wrap:anywhere}
pre{background:var(--code);border:1px solid var(--line);border-radius:.4rem;padding:.7rem;margin:0;white-space:pre-wrap;
overflow-wrap:anywhere;max-height:26rem;overflow:auto}
ul{margin:.25rem 0;padding-left:1.2rem}
.state{display:inline-block;border-radius:1rem;padding:.1rem .7rem;font-weight:600;font-size:.9rem;border:1px solid currentcolor}
.granted,.used{color:var(--yes)}.denied,.expired,.withdrawn{color:var(--no)}.pending{color:var(--note)}
.alert{border-left:.3rem solid var(--no);background:var(--bad-paper);padding:.7rem 1rem;border-radius:.3rem;margin:1rem 0}
.note{border-left:.3rem solid var(--note);background:var(--note-paper);padding:.7rem 1rem;border-radius:.3rem;margin:1rem 0}
.done{border-left:.3rem solid var(--yes);background:var(--good-paper);padding:.7rem 1rem;border-radius:.3rem;margin:1rem 0}
label{display:block;font-weight:600;margin-bottom:.25rem}
.hint{color:var(--soft);font-size:.9rem;margin:.25rem 0 .75rem}
textarea{width:100%;font:inherit;color:inherit;background:var(--paper);border:1px solid var(--soft);border-radius:.4rem;padding:.5rem}
.acts{display:flex;flex-wrap:wrap;gap:.75rem}
button{font:inherit;font-weight:600;border-radius:.4rem;padding:.6rem 1.2rem;min-height:2.75rem;cursor:pointer;border:2px solid var(--yes)}
.yes{background:var(--yes);color:var(--yes-ink)}
.no{background:transparent;color:var(--no);border-color:var(--no)}
.plain{border:1px solid var(--line);background:transparent;color:inherit;font-weight:400;padding:.2rem .7rem;min-height:2rem}
@media (max-width:32rem){.acts button{flex:1 1 100%}}
details{margin-top:.75rem}
summary{cursor:pointer;font-weight:600;color:var(--no);padding:.4rem 0}
a{color:var(--note)}
:focus-visible{outline:3px solid var(--note);outline-offset:2px}
.list{list-style:none;padding:0;margin:1rem 0}
.list li{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:.8rem 1rem;margin:.6rem 0;overflow-wrap:anywhere}
.list a{font-weight:600}
.small,.fresh{color:var(--soft);font-size:.9rem}
.fresh{margin-top:2rem}
`;
