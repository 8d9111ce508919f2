import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Script } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { type Chunk, DamagedPack, openPack, wrap, writePack } from '../../src/build/pack.ts';
import { temporary } from '../fixtures/sandbox.ts';
import { built } from '../stories/command.ts';

const nothing = Buffer.alloc(0);
const packed = (...sources: readonly (readonly [name: string, source: string])[]): string => {
  const file = join(temporary('pack'), 'program.pack');
  writePack(
    file,
    sources.map(([name, source]) => ({ name, source, compiled: nothing })),
  );
  return file;
};
const outside = (name: string): unknown => ({ name });
const acceptedBy = ({ source, compiled }: Chunk): boolean =>
  new Script(wrap(source), { cachedData: compiled }).cachedDataRejected === false;

describe('a pack', () => {
  it('runs a chunk once, whoever asks for it, and gives it what lies outside', () => {
    const file = packed(
      ['main.js', 'exports.own=require("./far/part.js");exports.other=require("node:fs")'],
      ['part.js', 'exports.times=(globalThis.packTimes=(globalThis.packTimes??0)+1)'],
    );
    const { load } = openPack(file, outside);
    expect(load('main.js')).toEqual({ own: { times: 1 }, other: { name: 'node:fs' } });
    expect(load('part.js')).toEqual({ times: 1 });
  });

  it('lets two chunks need each other', () => {
    const { load } = openPack(
      packed(
        ['a.js', 'exports.a=()=>"a";exports.both=()=>require("./b.js").b()'],
        ['b.js', 'const {a}=require("./a.js");exports.b=()=>a()+"b"'],
      ),
      outside,
    );
    expect((load('a.js') as { both: () => string }).both()).toBe('ab');
  });

  it('is the one that was opened, also when a build has put another in its place', () => {
    const file = packed(['early.js', 'exports.build=1'], ['late.js', 'exports.build=1']);
    const { load } = openPack(file, outside);
    load('early.js');
    writePack(file, [{ name: 'late.js', source: 'exports.build=2', compiled: nothing }]);
    expect(load('late.js')).toEqual({ build: 1 });
    expect(openPack(file, outside).load('late.js')).toEqual({ build: 2 });
  });

  it('keeps what V8 made of the chunks that ran, and of no others', () => {
    const file = packed(['ran.js', 'exports.f=()=>1;exports.f()'], ['not.js', 'exports.f=()=>2']);
    const pack = openPack(file, outside);
    pack.load('ran.js');
    const [ran, not] = pack.chunks();
    expect(ran?.source).toBe('exports.f=()=>1;exports.f()');
    expect(ran !== undefined && acceptedBy(ran)).toBe(true);
    expect(not?.compiled).toEqual(nothing);
    writePack(file, pack.chunks());
    expect(openPack(file, outside).load('not.js')).toHaveProperty('f');
  });

  it('runs from its source where the compiled code is for another Node, or for nothing at all', () => {
    const file = join(temporary('pack'), 'program.pack');
    writePack(file, [{ name: 'main.js', source: 'exports.is=1', compiled: Buffer.from('compiled elsewhere') }]);
    expect(openPack(file, outside).load('main.js')).toEqual({ is: 1 });
  });

  it('takes no compiled code that another Node made, though V8 would', () => {
    const file = join(temporary('pack'), 'program.pack');
    const old = new Script(wrap('exports.is="compiled"'));
    old.runInThisContext();
    writePack(file, [{ name: 'main.js', source: 'exports.is="source.."', compiled: old.createCachedData() }]);
    // Later ones look at the source themselves.
    if (process.versions.node.startsWith('20.'))
      expect(openPack(file, outside).load('main.js')).toEqual({ is: 'compiled' });
    const bytes = readFileSync(file);
    bytes.writeUInt32LE((bytes.readUInt32LE(4) ^ 1) >>> 0, 4);
    writeFileSync(file, bytes);
    expect(openPack(file, outside).load('main.js')).toEqual({ is: 'source..' });
  });

  it.each(['cut short', 'with a bit flipped', 'empty'])('is refused %s', (how) => {
    const file = packed(['main.js', 'exports.is=1']);
    const bytes = readFileSync(file);
    if (how === 'with a bit flipped') bytes.writeUInt8(bytes.readUInt8(bytes.length - 3) ^ 1, bytes.length - 3);
    writeFileSync(file, how === 'empty' ? '' : how === 'cut short' ? bytes.subarray(0, -1) : bytes);
    expect(() => openPack(file, outside).load('main.js')).toThrow(DamagedPack);
  });

  it('says which chunk it lacks', () => {
    expect(() => openPack(packed(), outside).load('gone.js')).toThrow(
      /program\.pack has no chunk gone\.js: npm run build/,
    );
  });
});

describe('the built program', () => {
  it('is compiled beforehand, for this Node', () => {
    const pack = openPack(join(dirname(built), 'program.pack'), outside);
    const chunks = pack.chunks();
    // What was compiled is told by the pack itself, not by running it here.
    const bytes = readFileSync(join(dirname(built), 'program.pack'));
    const index = JSON.parse(bytes.subarray(8, 8 + bytes.readUInt32LE()).toString('latin1')) as Record<
      string,
      number[]
    >;
    const start = 8 + bytes.readUInt32LE();
    const compiled = chunks.map((chunk) => {
      const [offset = 0, source = 0, length = 0] = index[chunk.name] ?? [];
      const at = start + offset + source;
      return { ...chunk, compiled: bytes.subarray(at, at + length) };
    });
    for (const name of ['program', 'status', 'run', 'backup', 'quick-push', 'machine']) {
      const chunk = compiled.find((one) => one.name.startsWith(`${name}-`));
      expect([name, chunk !== undefined && acceptedBy(chunk)]).toEqual([name, true]);
    }
  });
});
