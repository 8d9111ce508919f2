/**
 * Loaded before a program (`node --import`): notes or lists its writing calls under given folders, or ends it with SIGKILL
 * right before one of them, or in the middle of a write. Node's own loop writes too often, and too unevenly, to count writes
 * from outside; and a program that is watched from outside takes twice its time.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { isAbsolute, resolve } from 'node:path';
import { type Hooked, hookVariable, type Noted, type Turn } from './hooked.ts';

const plan = JSON.parse(process.env[hookVariable] ?? 'null') as Hooked | null;

if (plan !== null) {
  const real = { ...fs };
  const paths = new Map<number, string>();
  const notes: Noted[] = [];
  const turns: Turn[] = [];
  const counts = new Map<string, number>();
  let all = 0;

  const watched = (path: string): boolean =>
    plan.under.some((folder) => path === folder || path.startsWith(`${folder}/`));
  const note = (noted: Noted): void => {
    if (plan.what !== 'note') return;
    notes.push(noted);
  };
  const at = (path: fs.PathLike): string => resolve(String(path));
  const inode = (fd: number): number => real.fstatSync(fd).ino;
  const pathOf = (fd: number): string => paths.get(fd) ?? '';

  /** Does one call, unless this is the one to die before; `half` is what may be done of it first. */
  const turn = <T>(
    { syscall, of, half }: { readonly syscall: string; readonly of: readonly string[]; readonly half?: () => void },
    action: () => T,
  ): T => {
    if (!of.some(watched)) return action();
    const nth = (counts.get(syscall) ?? 0) + 1;
    counts.set(syscall, nth);
    all += 1;
    const one: Turn = { syscall, nth, paths: of };
    if (plan.what === 'kill' && (plan.call === null ? all : plan.call === syscall ? nth : 0) === plan.at) {
      if (plan.how === 'halfway') half?.();
      real.writeFileSync(plan.log, `${JSON.stringify(one)}\n`);
      process.kill(process.pid, 'SIGKILL');
    }
    const result = action();
    if (plan.what === 'list') turns.push(one);
    return result;
  };

  const writes = (flags: fs.OpenMode | undefined): boolean =>
    typeof flags === 'number'
      ? (flags & (fs.constants.O_WRONLY | fs.constants.O_RDWR | fs.constants.O_CREAT | fs.constants.O_TRUNC)) !== 0
      : flags !== undefined && flags !== 'r';

  fs.openSync = (path, flags, mode) => {
    const existed = real.lstatSync(path, { throwIfNoEntry: false });
    const where = at(path);
    const open = (): number => real.openSync(path, flags, mode);
    const fd = writes(flags) ? turn({ syscall: 'openat', of: [where] }, open) : open();
    paths.set(fd, where);
    const emptied = existed !== undefined && existed.size > 0 && real.fstatSync(fd).size === 0;
    if (!watched(where)) return fd;
    if (existed === undefined)
      note({ call: 'create', path: where, ino: inode(fd), mode: real.fstatSync(fd).mode & 0o7777 });
    else if (emptied) note({ call: 'truncate', path: where, ino: inode(fd) });
    return fd;
  };
  fs.closeSync = (fd) => {
    paths.delete(fd);
    real.closeSync(fd);
  };
  const writeBytes = (fd: number, bytes: Uint8Array): number => {
    const path = pathOf(fd);
    const half = (): void => void real.writeSync(fd, bytes.subarray(0, Math.floor(bytes.length / 2)));
    const done = turn({ syscall: 'write', of: [path], half }, () => real.writeSync(fd, bytes));
    if (watched(path))
      note({ call: 'write', path, ino: inode(fd), base64: Buffer.from(bytes.subarray(0, done)).toString('base64') });
    return done;
  };
  fs.writeSync = ((fd: number, bytes: Uint8Array | string, offset?: number, length?: number) => {
    const whole =
      typeof bytes === 'string' ? Buffer.from(bytes) : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return writeBytes(
      fd,
      typeof bytes === 'string'
        ? whole
        : whole.subarray(offset ?? 0, length === undefined ? undefined : (offset ?? 0) + length),
    );
  }) as typeof fs.writeSync;
  fs.writeFileSync = ((file, data, options) => {
    if (typeof file !== 'number') throw new Error(`a whole file is written without a handle: ${String(file)}`);
    let rest =
      typeof data === 'string' ? Buffer.from(data) : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    void options;
    while (rest.length > 0) rest = rest.subarray(writeBytes(file, rest));
  }) as typeof fs.writeFileSync;
  fs.fsyncSync = (fd) => {
    const path = pathOf(fd);
    turn({ syscall: 'fsync', of: [path] }, () => real.fsyncSync(fd));
    if (watched(path)) note({ call: 'fsync', path, ino: inode(fd) });
  };
  fs.fdatasyncSync = (fd) => fs.fsyncSync(fd);
  // In turn like all else: which of several goes first would be chance.
  fs.fsync = ((fd: number, done: (error: unknown) => void) => {
    try {
      fs.fsyncSync(fd);
    } catch (error) {
      done(error);
      return;
    }
    done(null);
  }) as typeof fs.fsync;
  fs.fchmodSync = (fd, mode) => {
    const path = pathOf(fd);
    turn({ syscall: 'fchmod', of: [path] }, () => real.fchmodSync(fd, mode));
    if (watched(path)) note({ call: 'chmod', path, ino: inode(fd), mode: Number(mode) });
  };
  fs.chmodSync = (path, mode) => {
    turn({ syscall: 'chmod', of: [at(path)] }, () => real.chmodSync(path, mode));
    if (watched(at(path))) note({ call: 'chmod', path: at(path), ino: real.statSync(path).ino, mode: Number(mode) });
  };
  fs.lutimesSync = (path, atime, mtime) =>
    turn({ syscall: 'utimensat', of: [at(path)] }, () => real.lutimesSync(path, atime, mtime));
  fs.renameSync = (from, to) => {
    turn({ syscall: 'rename', of: [at(from), at(to)] }, () => real.renameSync(from, to));
    if (watched(at(from)) || watched(at(to))) note({ call: 'rename', from: at(from), path: at(to) });
  };
  fs.linkSync = (from, to) => {
    turn({ syscall: 'link', of: [at(from), at(to)] }, () => real.linkSync(from, to));
    if (watched(at(to))) note({ call: 'link', from: at(from), path: at(to) });
  };
  fs.symlinkSync = (to, path, type) => {
    const of = isAbsolute(String(to)) ? [String(to), at(path)] : [at(path)];
    turn({ syscall: 'symlink', of }, () => real.symlinkSync(to, path, type));
    if (watched(at(path))) note({ call: 'symlink', path: at(path), ino: real.lstatSync(path).ino, to: String(to) });
  };
  fs.mkdirSync = ((path, options) => {
    const where = at(path);
    const asked = typeof options === 'object' ? options : { mode: options };
    // A chain of folders is made, and noted, one by one.
    const missing: string[] = [];
    if (asked?.recursive === true)
      for (let folder = where; !real.existsSync(folder); folder = resolve(folder, '..')) missing.unshift(folder);
    const makes = asked?.recursive === true ? missing : [where];
    for (const folder of makes) {
      turn({ syscall: 'mkdir', of: [folder] }, () =>
        real.mkdirSync(folder, asked?.mode === undefined ? {} : { mode: asked.mode }),
      );
      const stat = real.lstatSync(folder);
      if (watched(folder)) note({ call: 'mkdir', path: folder, ino: stat.ino, mode: stat.mode & 0o7777 });
    }
    // What stands there, folder or not, is for the real one to judge.
    if (makes.length === 0) return real.mkdirSync(path, options);
    return asked?.recursive === true ? makes[0] : undefined;
  }) as typeof fs.mkdirSync;
  const removed = (call: 'unlink' | 'rmdir', path: fs.PathLike): void => {
    if (watched(at(path))) note({ call, path: at(path) });
  };
  fs.unlinkSync = (path) => {
    turn({ syscall: 'unlink', of: [at(path)] }, () => real.unlinkSync(path));
    removed('unlink', path);
  };
  fs.rmdirSync = ((path, options) => {
    turn({ syscall: 'rmdir', of: [at(path)] }, () => real.rmdirSync(path, options));
    removed('rmdir', path);
  }) as typeof fs.rmdirSync;
  fs.rmSync = (path, options) => {
    const found = real.lstatSync(path, { throwIfNoEntry: false });
    if (found === undefined || !watched(at(path))) return real.rmSync(path, options);
    if (!found.isDirectory()) return fs.unlinkSync(path);
    if (options?.recursive !== true) return real.rmSync(path, options);
    for (const name of real.readdirSync(path)) fs.rmSync(resolve(at(path), name), options);
    fs.rmdirSync(path);
  };
  syncBuiltinESMExports();
  if (plan.what !== 'kill') {
    const told: readonly object[] = plan.what === 'note' ? notes : turns;
    process.on('exit', () => real.writeFileSync(plan.log, told.map((one) => `${JSON.stringify(one)}\n`).join('')));
  }
}
