param([string]$Kept = '@KEPT@')

$ErrorActionPreference = 'Continue'
$Kept = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Kept)
$utf8 = New-Object System.Text.UTF8Encoding $false

function Write-Said([string]$text) {
    [Console]::Error.WriteLine($text)
}

# What was said, on one short line without tabs or control characters.
function ConvertTo-OneLine($said) {
    $line = (($said | ForEach-Object { "$_" }) -join ' ') -replace '[\x00-\x1f\x7f]+', ' '
    if ($line.Length -gt 600) { $line = $line.Substring(0, 600) }
    $line.Trim()
}

# Keeps a line and prints it.
function Write-Note([string]$line) {
    [System.IO.File]::AppendAllText($Kept, "$line`n", $utf8)
    Write-Output $line
}

# Pulls one image and notes what came of it. What Docker Desktop decided in an earlier run is not asked again.
function Test-Pull([string]$image, [string]$about) {
    foreach ($line in $earlier) {
        $part = $line.Split("`t")
        if ($part.Length -ge 3 -and $part[0] -eq 'pull' -and $part[1] -eq $image -and
            ($part[2] -eq '0' -or "$($part[3])" -match 'image access denied|registry access to ')) {
            Write-Said "known already: $about"
            return
        }
    }
    docker image inspect $image 2>&1 | Out-Null
    $wasHere = $LASTEXITCODE -eq 0
    Write-Said "pulling $about"
    $said = docker pull --quiet $image 2>&1
    $status = $LASTEXITCODE
    $said = ConvertTo-OneLine $said
    if ($said -match 'annot connect to the Docker daemon|ocker daemon is not running|ocker Desktop is unable to start') {
        Write-Said 'Docker does not answer: start Docker Desktop, sign in, and run this again'
        exit 3
    }
    Write-Note "pull`t$image`t$status`t$said"
    if ($status -eq 0 -and -not $wasHere) {
        docker image rm $image 2>&1 | Out-Null
        if ($LASTEXITCODE -ne 0) { Write-Said "it could not be removed again: $image" }
    }
}

if (-not (Get-Command docker -ErrorAction SilentlyContinue)) {
    Write-Said 'docker is not on the path: install Docker Desktop, start it, sign in, and run this again'
    exit 3
}

# What an earlier run kept belongs to the results.
$earlier = @()
if (Test-Path -LiteralPath $Kept) { $earlier = @([System.IO.File]::ReadAllLines($Kept)) }
$earlier | Write-Output
$system = ConvertTo-OneLine (docker info --format '{{.OperatingSystem}}' 2>$null)
if (-not $system) { $system = 'unknown' }
Write-Note "system`t$system"

