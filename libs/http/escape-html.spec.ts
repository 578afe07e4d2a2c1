import { describe, expect, it } from 'vitest';
import { escapeHtml } from './escape-html.js';

describe('text in a page', () => {
  it('is no markup and ends no quoted attribute', () => {
    expect(escapeHtml(`<a title="x" class='y'>&amp;</a>`)).toBe(
      '&lt;a title=&quot;x&quot; class=&#39;y&#39;&gt;&amp;amp;&lt;/a&gt;',
    );
  });

  it('is left alone otherwise', () => {
    expect(escapeHtml('Größe 3 / 4 `x` 😀')).toBe('Größe 3 / 4 `x` 😀');
  });
});
