import { describe, expect, it } from 'vitest';
import { html } from './html.js';

describe('a value in a page', () => {
  it.each([
    ['<script>alert(1)</script>', '&lt;script&gt;alert(1)&lt;/script&gt;'],
    [`" onfocus="alert(1)`, '&quot; onfocus=&quot;alert(1)'],
    [`' autofocus x='`, '&#39; autofocus x=&#39;'],
    ['&lt;b&gt;', '&amp;lt;b&amp;gt;'],
    ['pay 1\u202e0001', 'pay 1\\u{202e}0001'],
    ['a\u200bb\u00a0c\u0000', 'a\\u{200b}b\\u{a0}c\\u{0}'],
    ['line\n\tline', 'line\n\tline'],
  ])('%j is text and nothing else', (value, written) => {
    expect(html`<p title="${value}">${value}</p>`.text).toBe(`<p title="${written}">${written}</p>`);
  });

  it('stays HTML only when it was made here, also in lists; what is absent leaves nothing', () => {
    expect(html`${[html`<b>${'<'}</b>`, '<']}${undefined}${false}${0}`.text).toBe('<b>&lt;</b>&lt;0');
  });
});
