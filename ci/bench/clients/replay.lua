-- Sends the requests that a file holds, one after the other: `wrk … -s replay.lua URL -- FILE BYTES`, each of BYTES bytes.
-- At the end of the file it begins anew.
local file, bytes

function init(args)
  file = assert(io.open(args[1], "rb"))
  bytes = assert(tonumber(args[2]))
end

function request()
  local one = file:read(bytes)
  if one == nil then
    file:seek("set")
    one = file:read(bytes)
  end
  return one
end
