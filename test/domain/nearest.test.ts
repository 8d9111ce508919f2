import { expect, it } from 'vitest';
import { nearestName } from '../../src/domain/nearest.ts';

const names = ['main', 'v1.2.0', 'v1.3.0', 'ComfyUI_windows_portable', 'simple_python_app'];

it.each([
  ['mian', 'main'],
  ['MAIN', 'main'],
  ['v1.2.O', 'v1.2.0'],
  ['comfyui_windows_portabel', 'ComfyUI_windows_portable'],
  ['simple-python-app', 'simple_python_app'],
  ['quite different', undefined],
  ['', undefined],
  ['x', undefined],
  ['x'.repeat(10_000), undefined],
])('%s was meant as %s', (word, expected) => {
  expect(nearestName(word, names)).toBe(expected);
});
