-- What wrk (the load maker of these comparisons) prints when it is done, as one line of JSON, and two kinds of requests
-- of which its command line knows nothing:
--
--   wrk -s wrk.lua URL                   the same request again and again: made once, and so no work of Lua's
--   wrk -s wrk.lua URL -- files 1000     URL and a number below 1000, a random one each time
--   wrk -s wrk.lua URL -- requests 10    each tenth with "Connection: close": so many requests a connection, in the mean

function init(arguments)
  local kind, count, turn = arguments[1], tonumber(arguments[2]), 0
  if kind == "files" then
    request = function()
      return wrk.format(nil, wrk.path .. math.random(0, count - 1))
    end
  elseif kind == "requests" then
    local open, close = wrk.format(), wrk.format(nil, nil, { ["Host"] = wrk.headers["Host"], ["Connection"] = "close" })
    request = function()
      turn = turn + 1
      return turn % count == 0 and close or open
    end
  end
end

function done(summary, latency, _)
  local errors = summary.errors
  io.write(string.format(
    '{"requests": %d, "bytes": %d, "seconds": %f, "p50": %f, "p99": %f, "p999": %f, ' ..
    '"connect": %d, "read": %d, "write": %d, "timeout": %d, "status": %d}\n',
    summary.requests, summary.bytes, summary.duration / 1e6,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency:percentile(99.9) / 1e3,
    errors.connect, errors.read, errors.write, errors.timeout, errors.status))
end
