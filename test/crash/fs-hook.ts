/**
 * Loaded before a program (`node --import`): notes its writing calls under given folders, or ends it with SIGKILL at the
 * n-th write, before or in the middle of it. Node's own loop writes too often, and too unevenly, to count writes from outside.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { resolve } from 'node:path';
import { type Hooked, hookVariable, type Noted } from './hooked.ts';

const plan = JSON.parse(process.env[hookVariable] ?? 'null') as Hooked | null;

if (plan !== null) {
  const real = { ...fs };
  const paths = new Map<number, string>();
  const notes: Noted[] = [];
  let writes = 0;

  const watched = (path: string): boolean =>
    plan.under.some((folder) => path === folder || path.startsWith(`${folder}/`));
  const note = (noted: Noted): void => {
    if (plan.what !== 'note') return;
    notes.push(noted);
  };
  const at = (path: fs.PathLike): string => resolve(String(path));
  const inode = (fd: number): number => real.fstatSync(fd).ino;

  fs.openSync = (path, flags, mode) => {
    const existed = real.lstatSync(path, { throwIfNoEntry: false });
    const fd = real.openSync(path, flags, mode);
    const where = at(path);
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
    const path = paths.get(fd);
    if (path === undefined || !watched(path)) return real.writeSync(fd, bytes);
    writes += 1;
    if (plan.what === 'kill' && writes === plan.at) {
      if (plan.how === 'halfway') real.writeSync(fd, bytes.subarray(0, Math.floor(bytes.length / 2)));
      real.writeFileSync(plan.log, path);
      process.kill(process.pid, 'SIGKILL');
    }
    const done = real.writeSync(fd, bytes);
    note({ call: 'write', path, ino: inode(fd), base64: Buffer.from(bytes.subarray(0, done)).toString('base64') });
    return done;
  };
  fs.writeSync = ((fd: number, bytes: Uint8Array | string, offset?: number, length?: number) => {
    const all =
      typeof bytes === 'string' ? Buffer.from(bytes) : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return writeBytes(
      fd,
      typeof bytes === 'string'
        ? all
        : all.subarray(offset ?? 0, length === undefined ? undefined : (offset ?? 0) + length),
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
    real.fsyncSync(fd);
    const path = paths.get(fd);
    if (path !== undefined && watched(path)) note({ call: 'fsync', path, ino: inode(fd) });
  };
  fs.fdatasyncSync = (fd) => fs.fsyncSync(fd);
  fs.fchmodSync = (fd, mode) => {
    real.fchmodSync(fd, mode);
    const path = paths.get(fd);
    if (path !== undefined && watched(path)) note({ call: 'chmod', path, ino: inode(fd), mode: Number(mode) });
  };
  fs.chmodSync = (path, mode) => {
    real.chmodSync(path, mode);
    if (watched(at(path))) note({ call: 'chmod', path: at(path), ino: real.statSync(path).ino, mode: Number(mode) });
  };
  fs.renameSync = (from, to) => {
    real.renameSync(from, to);
    if (watched(at(from)) || watched(at(to))) note({ call: 'rename', from: at(from), path: at(to) });
  };
  fs.linkSync = (from, to) => {
    real.linkSync(from, to);
    if (watched(at(to))) note({ call: 'link', from: at(from), path: at(to) });
  };
  fs.symlinkSync = (to, path, type) => {
    real.symlinkSync(to, path, type);
    if (watched(at(path))) note({ call: 'symlink', path: at(path), ino: real.lstatSync(path).ino, to: String(to) });
  };
  fs.mkdirSync = ((path, options) => {
    const where = at(path);
    // A chain of folders is noted one by one.
    const missing: string[] = [];
    for (let folder = where; !real.existsSync(folder); folder = resolve(folder, '..')) missing.unshift(folder);
    const made = real.mkdirSync(path, options);
    for (const folder of missing) {
      const stat = real.lstatSync(folder);
      if (watched(folder)) note({ call: 'mkdir', path: folder, ino: stat.ino, mode: stat.mode & 0o7777 });
    }
    return made;
  }) as typeof fs.mkdirSync;
  const removed = (call: 'unlink' | 'rmdir', path: fs.PathLike): void => {
    if (watched(at(path))) note({ call, path: at(path) });
  };
  fs.unlinkSync = (path) => {
    real.unlinkSync(path);
    removed('unlink', path);
  };
  fs.rmdirSync = ((path, options) => {
    real.rmdirSync(path, options);
    removed('rmdir', path);
  }) as typeof fs.rmdirSync;
  fs.rmSync = (path, options) => {
    const found = real.lstatSync(path, { throwIfNoEntry: false });
    if (found !== undefined && watched(at(path)) && found.isDirectory() && options?.recursive) {
      for (const name of real.readdirSync(path)) fs.rmSync(resolve(at(path), name), options);
      fs.rmdirSync(path);
      return;
    }
    real.rmSync(path, options);
    if (found !== undefined) removed(found.isDirectory() ? 'rmdir' : 'unlink', path);
  };
  syncBuiltinESMExports();
  if (plan.what === 'note') {
    process.on('exit', () => real.writeFileSync(plan.log, notes.map((noted) => `${JSON.stringify(noted)}\n`).join('')));
  }
}
