import { expect, it } from 'vitest';
import { withSections } from './runner.ts';

it('sections of a child are told to the log’s page, as the runner takes no commands meanwhile', () => {
  const text = '::group::train\nstep 1 ::group::x\n::endgroup::\n::group::a $& b\n::add-path::/tmp\n';
  expect(withSections(text)).toBe(
    '##[group]train\nstep 1 ::group::x\n##[endgroup]\n##[group]a $& b\n::add-path::/tmp\n',
  );
});
