#!/usr/bin/env node
// Starts the program that npm installed for this system, passes signals on to it, and ends as it ends.
"use strict";

const { spawn } = require("node:child_process");
const { optionalDependencies } = require("./package.json");

const system = `${process.platform}-${process.arch}`;
const isWindows = process.platform === "win32";
const file = isWindows ? "glasshttp.exe" : "glasshttp";

// Packages with a program for this system: `@glasshttp/linux-x64`, and `@glasshttp/linux-x64-musl`.
const fitting = Object.keys(optionalDependencies).filter((name) => `${name.split("/")[1]}-`.startsWith(`${system}-`));

function installed(name) {
  try {
    return [require.resolve(`${name}/bin/${file}`)];
  } catch {
    return [];
  }
}

function fail(reason) {
  console.error(`glasshttp: ${reason}`);
  process.exitCode = 1;
}

// Runs the first of them. One that is for another C library can't be started at all, and then the next one may do.
function run([program, ...others]) {
  // A terminal sends Ctrl-C to all processes in it, and to get it twice means "end at once". Windows' consoles do so
  // even where output goes elsewhere, with all that they send; and `kill` would not ask there, but end the program.
  const isInTerminal = [process.stdin, process.stdout, process.stderr].some((stream) => stream.isTTY);
  const common = isWindows ? ["SIGINT", "SIGBREAK", "SIGHUP"] : isInTerminal ? ["SIGINT"] : [];
  const ours = isWindows ? [] : ["SIGINT", "SIGTERM", "SIGHUP"].filter((signal) => !common.includes(signal));
  // Listened to before the program is there, or one that comes at once would end this process alone.
  for (const signal of ours) process.on(signal, () => child.kill(signal));
  for (const signal of common) process.on(signal, () => {});

  const child = spawn(program, process.argv.slice(2), { stdio: "inherit" });
  child.on("error", (error) => {
    process.removeAllListeners();
    if (others.length > 0) run(others);
    else fail(`${program} does not run on this system: ${error.code}`);
  });
  child.on("exit", (code, signal) => {
    process.removeAllListeners();
    if (signal) process.kill(process.pid, signal);
    else process.exitCode = code;
  });
}

const programs = fitting.flatMap(installed);
if (programs.length > 0) {
  run(programs);
} else if (fitting.length > 0) {
  fail(`npm left out ${fitting[0]}, an optional dependency with the program in it: install with --include=optional`);
} else {
  fail(`there is no package for ${system}; with Rust you can build it: cargo install glasshttp`);
}
