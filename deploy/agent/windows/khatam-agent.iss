; Inno Setup 6: per machine, 64-bit, uninstallable.
[Setup]
AppId=Khatam.Agent
AppName=Khatam
AppVersion=0.1.0
DefaultDirName={autopf}\Khatam
PrivilegesRequired=admin
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
OutputBaseFilename=Khatam-setup
OutputDir=..\..\..\dist
DisableProgramGroupPage=yes
UninstallDisplayIcon={app}\khatam-agent-window.exe

[Files]
Source: "..\..\..\dist\Khatam\*"; DestDir: "{app}"; Flags: recursesubdirs ignoreversion
Source: "agent.toml.example"; DestDir: "{commonappdata}\Khatam"; Flags: uninsneveruninstall
Source: "..\files\opensc.conf"; DestDir: "{commonappdata}\Khatam"; Flags: uninsneveruninstall onlyifdoesntexist

[Dirs]
Name: "{commonappdata}\Khatam"; Flags: uninsneveruninstall

[Registry]
; "--": khatam.reg says why.
Root: HKLM; Subkey: "Software\Classes\khatam"; ValueType: string; ValueData: "URL:Khatam"; Flags: uninsdeletekey
Root: HKLM; Subkey: "Software\Classes\khatam"; ValueType: string; ValueName: "URL Protocol"; ValueData: ""
Root: HKLM; Subkey: "Software\Classes\khatam\shell\open\command"; ValueType: string; ValueData: """{app}\khatam-agent-window.exe"" open -- ""%1"""

[Code]
procedure Protect(Arguments: String);
var
  Code: Integer;
begin
  if not Exec(ExpandConstant('{sys}\icacls.exe'), ExpandConstant('"{commonappdata}\Khatam" ') + Arguments, '', SW_HIDE, ewWaitUntilTerminated, Code) or (Code <> 0) then
    RaiseException('The rights of the configuration folder could not be set (icacls ' + Arguments + ').');
end;

{ Users read the configuration and the anchor; administrators alone write them. [Dirs] can only add rights, and what
  %ProgramData% hands down lets every user create files: an agent.toml of his own names another server and another
  driver. So nothing is handed down, and what somebody put there before loses its owner and its rights.
  By number, as the groups' names differ by language: administrators, the system, users. }
procedure CurStepChanged(CurStep: TSetupStep);
begin
  if CurStep = ssPostInstall then
  begin
    Protect('/setowner *S-1-5-32-544 /T /Q');
    Protect('/reset /T /Q');
    Protect('/inheritance:r /grant:r *S-1-5-32-544:(OI)(CI)F *S-1-5-18:(OI)(CI)F *S-1-5-32-545:(OI)(CI)RX /Q');
  end;
end;
