/** Chat templates: the reference's renders, and templates that mean no good. */
import path from "node:path";
import { describe, expect, test } from "vitest";
import { TemplateError, type TemplateFault } from "../../../src/base/errors.js";
import { ChatTemplate } from "../../../src/tokenizers/text/chat-template.js";
import { readCase } from "../../golden/case.js";
import { chatTemplates } from "../../golden/systems/chat-templates.js";

test.each(["qwen3", "gemma"])("%s", async (name) => {
  const folder = path.join(import.meta.dirname, "../../fixtures/chat-templates", name);
  const comparisons = [];
  for await (const each of chatTemplates(folder, await readCase(folder))) comparisons.push(each);
  expect(comparisons.filter(({ pass }) => !pass)).toEqual([]);
  expect(comparisons.length).toBeGreaterThan(40);
});

const MESSAGES = [{ role: "user", content: "hello" }];

describe("a template that cannot be used says why, soon", () => {
  test.each<[string, string, TemplateFault]>([
    ["no template", "{% if", "syntax"],
    ["an unknown filter", "{{ messages | explode }}", "failed"],
    ["a refusal", "{{ raise_exception('no system') }}", "refused"],
    ["a long count", "{% for i in range(1000000000) %}{% endfor %}", "endless"],
    [
      "counts within counts",
      "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
      "endless",
    ],
    [
      "a text that doubles",
      "{% set n = namespace(x='ab') %}{% for i in range(99) %}{% set n.x = n.x + n.x %}{% endfor %}",
      "endless",
    ],
    [
      "a list that doubles",
      "{% set n = namespace(x=[1]) %}{% for i in range(99) %}{% set n.x = n.x + n.x %}{% endfor %}",
      "endless",
    ],
    ["a macro that calls itself", "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "failed"],
    ["brackets without end", `{{ ${"(".repeat(100_000)} }}`, "syntax"],
  ])("%s", (_, source, fault) => {
    const began = performance.now();
    const failure = (() => {
      try {
        return new ChatTemplate(source).render(MESSAGES);
      } catch (error) {
        return error;
      }
    })();
    expect(failure).toBeInstanceOf(TemplateError);
    expect((failure as TemplateError).fault).toBe(fault);
    expect(performance.now() - began).toBeLessThan(30_000);
  });
});

test("a template sees its arguments and nothing else", () => {
  const source = "{{ messages[0].constructor }}|{{ messages.__proto__ }}|{{ process }}|{{ range.constructor }}";
  expect(new ChatTemplate(source).render(MESSAGES)).toBe("|||");
});
